"""From scores of held-out sources to honest probabilities and thresholds."""

from dataclasses import dataclass

import numpy as np

from classes import BENIGN

PRIOR = 0.1  # share of attacks among the values for which a probability is stated

MODEL_DENY_FLOOR = 0.15
TRADED_RECALL = 0.001
# Most of held-out benign requests, and of bare benign values, that are denied wrongly.
OF_REQUESTS, OF_VALUES = 0.003, 0.017
# Added to benign's logit where a window is the inside of a longer value (two of three windows of documents are, and one of
# thirty of attacks), and by the class of its value's length (`VALUE_LENGTHS`).
INNER_SHIFT = 1.5
LENGTH_SHIFTS = np.array([0.0, 0.5, 1.0, 1.5])
# Share of different benign requests (a page is one, however often it was asked for) that the screen may leave to the model.
MOST_ASKED = 0.1


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


def probabilities(logits: np.ndarray, edges: np.ndarray, temperature: float, benign_shift: float) -> np.ndarray:
    z = logits / temperature
    z[:, BENIGN] += benign_shift + INNER_SHIFT * (edges & 3 == 0) + LENGTH_SHIFTS[edges >> 2]
    z -= z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def attack_probability(logits: np.ndarray, edges: np.ndarray, temperature: float, benign_shift: float) -> np.ndarray:
    return 1 - probabilities(logits.astype(np.float64), edges, temperature, benign_shift)[:, BENIGN]


def fit_model(logits: np.ndarray, edges: np.ndarray, attack: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """(temperature, benign_shift) of the least log loss at PRIOR."""
    chosen = np.random.default_rng(1).permutation(len(logits))[:20000]
    z, e, y = logits[chosen], edges[chosen], attack[chosen]
    w = prior_weights(y, weight[chosen])
    best = (np.inf, 1.0, 0.0)
    for temperature in np.geomspace(0.6, 5, 16):
        for shift in np.linspace(-2, 8, 21):
            p = np.clip(attack_probability(z, e, temperature, shift), 1e-7, 1 - 1e-7)
            nll = -(w * np.where(y, np.log(p), np.log(1 - p))).sum()
            best = min(best, (nll, float(temperature), float(shift)))
    return best[1], best[2]


@dataclass
class Thresholds:
    """Millionths."""

    clearBelow: int
    denyAlone: int
    modelDeny: int


def choose(
    screen: np.ndarray, model: np.ndarray, attack: np.ndarray, weight: np.ndarray, request: np.ndarray
) -> Thresholds:
    """All of held-out sources; `screen` and `model` are attack probabilities of each value.

    A request is denied by the screen from denyAlone on (at most 0.05 % of requests and 0.7 % of bare benign values, that
    is documents and code, are so wrongly), else by the model from modelDeny on where the screen did not clear it; in
    all at most OF_REQUESTS and OF_VALUES. Of the pairs (clearBelow, modelDeny) that hold this, leave at most MOST_ASKED of
    different benign requests to the model and deny within TRADED_RECALL of the most attacks, the one that asks the model least.
    """
    of_request, bare = ~attack & (request >= 0), ~attack & (request < 0) & (weight > 0)
    believed = attack & (weight >= 0.2)

    def limit(score: np.ndarray, of_requests: float, of_values: float) -> float:
        worst_values = worst(score[of_request], request[of_request])
        bounds = (
            np.quantile(worst_values, 1 - of_requests, method="higher"),
            np.quantile(score[bare], 1 - of_values, method="higher"),
        )
        return float(max(bounds))

    deny_alone = limit(screen, 0.0005, 0.007)
    least = least_asked(screen[of_request], request[of_request])
    pairs = []
    for clear_below in np.maximum(least, np.quantile(screen[attack], np.linspace(0.002, 0.35, 60))):
        judged = np.where(screen > deny_alone, 1.0, np.where(screen >= clear_below, model, 0.0))
        model_deny = max(MODEL_DENY_FLOOR, limit(judged, OF_REQUESTS, OF_VALUES))
        pairs.append((float(np.mean(judged[believed] > model_deny)), float(clear_below), model_deny))
    enough = max(pairs)[0] - TRADED_RECALL
    _, clear_below, model_deny = max((pair for pair in pairs if pair[0] >= enough), key=lambda pair: pair[1])
    deny_alone = max(deny_alone, clear_below)
    millionths = [
        int(np.floor(clear_below * 1e6)),
        *(min(1_000_000, int(np.ceil(v * 1e6)) + 1) for v in (deny_alone, model_deny)),
    ]
    return Thresholds(*millionths)


def least_asked(score: np.ndarray, request: np.ndarray) -> float:
    """The least `clearBelow` at which at most MOST_ASKED of different benign requests are left to the model."""
    return float(np.quantile(np.unique(worst(score, request)), 1 - MOST_ASKED, method="higher"))


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
    order = np.argsort(request, kind="stable")
    starts = np.flatnonzero(np.diff(request[order], prepend=-2))
    return np.maximum.reduceat(score[order], starts)
