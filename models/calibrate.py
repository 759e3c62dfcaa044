"""From scores of held-out sources to honest probabilities and thresholds."""

from dataclasses import dataclass

import numpy as np

from classes import BENIGN, SCANNER
from language import KINDS
from network import softmax

PRIOR = 0.1  # share of attacks among the values for which a probability is stated

# What held-out values alone would have is less: it is fresh sets' requests and documents that are spared (README.md).
MODEL_DENY_FLOOR = 0.17
TRADED_RECALL = 0.0003
# Most of held-out benign requests, of bare benign values (pieces of documents) and of whole files that are denied wrongly.
OF_REQUESTS, OF_VALUES, OF_FILES = 0.0035, 0.019, 0.016
# The same by the screen alone.
ALONE_OF_REQUESTS, ALONE_OF_VALUES = 0.0005, 0.003
# The screen's probability counts half in values longer than that (`SURE_BYTES` of `filter/suspects.ts`).
SURE_BYTES = 256
# Added to benign's logit where a window is the inside of a longer value: two of three windows of documents are, and one of
# thirty of attacks.
INNER_SHIFT = 1.5
# Added by the class of the value's length (`VALUE_LENGTHS`): of n windows one is denied wrongly n times as often. Larger shifts
# spare more documents and let padding hide attacks (`test/models/padding.test.ts`, `test/gateway/decoys.test.ts`).
LENGTH_SHIFTS = 0.65 * np.array([0.0, 0.4, 0.8, 3.0, 4.0, 4.25])
# Added to benign's logit of an empty value, and the less the more bytes a whole value has, nothing from SHORT_BYTES on: in a word
# there is little evidence, and most values of real requests are a word.
SHORT_SHIFT, SHORT_BYTES = 2.0, 20
# Taken from the logit of scanners: what gives one away is a name, and names of honest products that no data holds look alike.
# More where such a name is not asked for but spoken of; a window of which no kind is told counts as text.
SCANNER_SHIFT, SPOKEN_SHIFT = 2.0, 5.0
ASKED_IN = "path path-segment path-parameter query-name query-value header text rest".split()
SCANNER_SHIFTS = np.array([SCANNER_SHIFT if kind in ASKED_IN else SPOKEN_SHIFT for kind in KINDS])
# Share of different benign requests (a page is one, however often it was asked for) that the screen may leave to the model.
MOST_ASKED = 0.06


@dataclass(frozen=True)
class Calibration:
    """From the model's logits to probabilities."""

    temperature: float
    benign_shift: float

    def shifts(self, edges: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """What is added to benign's logit (`windows.edges_of`, `ngrams.lengths_of`)."""
        inner = INNER_SHIFT * (edges & 3 == 0)
        short = SHORT_SHIFT * (edges & 3 == 3) * np.maximum(0, 1 - (lengths - 2) / SHORT_BYTES)
        return self.benign_shift + inner + short + LENGTH_SHIFTS[edges >> 2]


def prior_weights(attack: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights with which attacks are PRIOR of the whole."""
    out = weight.astype(np.float64).copy()
    out[attack] *= PRIOR / out[attack].sum()
    out[~attack] *= (1 - PRIOR) / out[~attack].sum()
    return out


def fit_screen(sums: np.ndarray, attack: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """(bias, scale) of Platt's logistic over sums in logits, by Newton's method."""
    w = prior_weights(attack, weight)
    x = np.stack([np.ones_like(sums), sums], 1)
    beta = np.array([-6.0, 0.3])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (w * (p - attack)) + 1e-6 * beta
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
        beta = beta - np.clip(np.linalg.solve(hessian, gradient), -1, 1)
    return float(beta[0]), float(beta[1])


def screen_probability(sums: np.ndarray, lengths: np.ndarray, bias: float, scale: float) -> np.ndarray:
    p = 1 / (1 + np.exp(-(bias + scale * sums)))
    return np.where(lengths > SURE_BYTES, p / 2, p)


def probabilities(
    logits: np.ndarray, edges: np.ndarray, lengths: np.ndarray, kinds: np.ndarray, calibration: Calibration
) -> np.ndarray:
    z = logits / calibration.temperature
    z[:, BENIGN] += calibration.shifts(edges, lengths)
    z[:, SCANNER] -= SCANNER_SHIFTS[kinds]
    return softmax(z)


def attack_probability(
    logits: np.ndarray, edges: np.ndarray, lengths: np.ndarray, kinds: np.ndarray, calibration: Calibration
) -> np.ndarray:
    return 1 - probabilities(logits.astype(np.float64), edges, lengths, kinds, calibration)[:, BENIGN]


def fit_model(
    logits: np.ndarray,
    edges: np.ndarray,
    lengths: np.ndarray,
    kinds: np.ndarray,
    attack: np.ndarray,
    weight: np.ndarray,
) -> Calibration:
    """Of the least log loss at PRIOR."""
    chosen = np.random.default_rng(1).permutation(len(logits))[:20000]
    z, e, n, k, y = logits[chosen], edges[chosen], lengths[chosen], kinds[chosen], attack[chosen]
    w = prior_weights(y, weight[chosen])
    best = (np.inf, Calibration(1.0, 0.0))
    for temperature in np.geomspace(0.6, 5, 16):
        for shift in np.linspace(-2, 8, 21):
            calibration = Calibration(float(temperature), float(shift))
            p = np.clip(attack_probability(z, e, n, k, calibration), 1e-7, 1 - 1e-7)
            nll = -(w * np.where(y, np.log(p), np.log(1 - p))).sum()
            best = min(best, (nll, calibration), key=lambda pair: pair[0])
    return best[1]


@dataclass
class Thresholds:
    """Millionths."""

    clearBelow: int
    denyAlone: int
    modelDeny: int


@dataclass
class HeldOut:
    """Of each value of held-out sources; `file`: it is a whole file, `text`: a number that equal ones have in common."""

    attack: np.ndarray
    weight: np.ndarray
    request: np.ndarray
    file: np.ndarray
    text: np.ndarray

    @property
    def of_request(self) -> np.ndarray:
        return ~self.attack & (self.request >= 0)

    @property
    def bare(self) -> np.ndarray:
        return ~self.attack & (self.request < 0) & (self.weight > 0)

    @property
    def believed(self) -> np.ndarray:
        return self.attack & (self.weight >= 0.2)


def choose(screen: np.ndarray, model: np.ndarray, of: HeldOut) -> tuple[float, Thresholds]:
    """The share of attacks that is denied, and by which thresholds; attack probabilities of each value by both.

    A request is denied by the screen from denyAlone on, else by the model from modelDeny on where the screen did not clear
    it; in all at most OF_REQUESTS, OF_VALUES and OF_FILES are so wrongly, by the screen alone ALONE_OF_REQUESTS and
    ALONE_OF_VALUES. Of the pairs (clearBelow, modelDeny) that hold this, leave at most MOST_ASKED of different benign requests
    to the model and deny within TRADED_RECALL of the most attacks, the one that asks the model least.
    """

    def limit(score: np.ndarray, of_requests: float, of_values: float, of_files: float) -> float:
        shares = [(worst(score[of.of_request], of.request[of.of_request]), of_requests)]
        shares += [(score[of.bare & ~of.file], of_values), (score[of.bare & of.file], of_files)]
        return max(float(np.quantile(values, 1 - share, method="higher")) for values, share in shares)

    deny_alone = max(0.5, limit(screen, ALONE_OF_REQUESTS, ALONE_OF_VALUES, ALONE_OF_VALUES))
    least = least_asked(screen[of.of_request], of.request[of.of_request], of.text[of.of_request])
    pairs = []
    for clear_below in np.maximum(least, np.quantile(screen[of.attack], np.linspace(0.002, 0.35, 240))):
        judged = np.where(screen > deny_alone, 1.0, np.where(screen >= clear_below, model, 0.0))
        model_deny = max(MODEL_DENY_FLOOR, limit(judged, OF_REQUESTS, OF_VALUES, OF_FILES))
        pairs.append((float(np.mean(judged[of.believed] > model_deny)), float(clear_below), model_deny))
    enough = max(pairs)[0] - TRADED_RECALL
    recall, clear_below, model_deny = max((pair for pair in pairs if pair[0] >= enough), key=lambda pair: pair[1])
    deny_alone = max(deny_alone, clear_below)
    millionths = [
        int(np.floor(clear_below * 1e6)),
        *(min(1_000_000, int(np.ceil(v * 1e6)) + 1) for v in (deny_alone, model_deny)),
    ]
    return recall, Thresholds(*millionths)


def least_asked(score: np.ndarray, request: np.ndarray, text: np.ndarray) -> float:
    """The least `clearBelow` at which at most MOST_ASKED of different benign requests are left to the model.

    Requests whose worst value is the same text are one. By its score they can't be told apart: it has few steps.
    """
    worst_values = worst_of(score, request)
    _, different = np.unique(text[worst_values], return_index=True)
    return float(np.quantile(score[worst_values][different], 1 - MOST_ASKED, method="higher"))


# Of the calibration requests with the largest offsets so many are kept: enough for the largest budget of a policy.
KEPT_OFFSETS = 0.06


def benign_offsets(
    screen: np.ndarray, model: np.ndarray, attack: np.ndarray, request: np.ndarray, thresholds: Thresholds
) -> dict:
    """How far each held-out benign request lies above the shipped thresholds, the largest first, in thousandths of a logit.

    A request's offset is that of its worst value: the larger of the screen's logit less that of denyAlone, and the
    model's less that of modelDeny. `unsure`: of the model only what the screen does not clear; `always`: of the model
    all. Both thresholds moved by t deny exactly the requests whose offset is at least t: one number to be bounded.
    """
    rows = ~attack & (request >= 0)
    alone = _logit(screen[rows]) - _logit(np.array(thresholds.denyAlone / 1e6))
    asked = _logit(model[rows]) - _logit(np.array(thresholds.modelDeny / 1e6))
    unsure = np.where(screen[rows] >= thresholds.clearBelow / 1e6, asked, -np.inf)
    offsets = {"unsure": np.maximum(alone, unsure), "always": np.maximum(alone, asked)}
    kept = {name: np.sort(worst(values, request[rows]))[::-1] for name, values in offsets.items()}
    count = len(kept["unsure"])
    most = int(np.ceil(KEPT_OFFSETS * count))
    return {"requests": count} | {n: [int(np.ceil(v * 1000)) for v in values[:most]] for n, values in kept.items()}


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def worst(score: np.ndarray, request: np.ndarray) -> np.ndarray:
    """The largest score of each request."""
    return score[worst_of(score, request)]


def worst_of(score: np.ndarray, request: np.ndarray) -> np.ndarray:
    """The index of each request's value with the largest score."""
    order = np.lexsort((score, request))
    return order[np.flatnonzero(np.diff(request[order], append=-2))]
