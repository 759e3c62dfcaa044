"""Measured quality on held-out sources: what the card states, and nothing else."""

import numpy as np

from calibrate import Thresholds, worst
from classes import BENIGN
from dataset import FOLDS, Samples, fold_of
from packages import WHOLE_FILES


# Shares of benign requests that a screen may decide without the model.
DECIDED = (0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


def report(samples: Samples, screened: np.ndarray, judged: np.ndarray, thresholds: Thresholds) -> dict:
    """`screened` and `judged`: attack probabilities by the screen and by the model, of each value."""
    label, weight = np.array(samples.label), np.array(samples.weight)
    source, category, request = np.array(samples.source), np.array(samples.category), np.array(samples.request)
    asked = screened >= thresholds.clearBelow / 1e6
    alone = screened >= thresholds.denyAlone / 1e6
    denied = alone | (asked & (judged >= thresholds.modelDeny / 1e6))
    fold = np.array([fold_of(name) for name in samples.source])
    attack = label != BENIGN
    believed = attack & (weight >= 0.2)
    of_request, bare = ~attack & (request >= 0), ~attack & (request < 0)
    file = np.array([name.endswith(WHOLE_FILES) for name in samples.source])

    def share(mask: np.ndarray, of: np.ndarray) -> float:
        return round(float(mask[of].mean()), 4) if of.any() else float("nan")

    def group(of: np.ndarray) -> dict:
        return {
            "values": int(of.sum()),
            "asked": share(asked, of),
            "denied": share(denied, of),
            "deniedByScreenAlone": share(alone, of),
        }

    def requests(of: np.ndarray) -> dict:
        ids = request[of]
        asked_, denied_, alone_ = (worst(flag[of].astype(int), ids) for flag in (asked, denied, alone))
        return {
            "requests": len(asked_),
            "asked": round(float(asked_.mean()), 4),
            "denied": round(float(denied_.mean()), 5),
            "deniedByScreenAlone": round(float(alone_.mean()), 5),
        }

    def macro(of: np.ndarray) -> float:
        return round(float(np.mean([denied[of & (category == name)].mean() for name in set(category[of])])), 4)

    def clearing(decided: float) -> dict:
        """What is lost of the model's catches where the screen clears this share of benign requests."""
        clear_below = np.quantile(worst(screened[of_request], request[of_request]), decided, method="higher")
        return {
            "decided": decided,
            "clearBelow": int(clear_below * 1e6),
            "lost": share(screened < clear_below, believed & ~alone & (judged >= thresholds.modelDeny / 1e6)),
        }

    categories = sorted(set(category[believed]))
    by_category = {name: group(believed & (category == name)) for name in categories}
    return {
        "attacks": group(believed) | {"macroDenied": macro(believed)},
        "groups": [
            {
                "sources": names,
                "attacks": group(believed & (fold == number)),
                "macroDenied": macro(believed & (fold == number)),
                "benignRequests": requests(of_request & (fold == number)),
                "benignValues": group(bare & ~file & (fold == number)),
                "wholeFiles": group(bare & file & (fold == number)),
            }
            for number, names in enumerate(FOLDS)
            if (believed & (fold == number)).any()
        ],
        "attacksByCategory": by_category,
        "attacksBySource": {name: group(believed & (source == name)) for name in sorted(set(source[believed]))},
        "clearing": [clearing(decided) for decided in DECIDED],
        "benignRequests": requests(of_request),
        "benignRequestsBySource": {
            name: requests(of_request & (source == name)) for name in sorted(set(source[of_request]))
        },
        "benignValues": group(bare & ~file),
        "wholeFiles": group(bare & file),
        "benignValuesBySource": {name: group(bare & (source == name)) for name in sorted(set(source[bare]))},
        "rocAuc": {
            "screen": auc(screened, attack, believed | ~attack),
            "model": auc(judged, attack, believed | ~attack),
        },
    }


def auc(score: np.ndarray, attack: np.ndarray, of: np.ndarray) -> float:
    """Area under the ROC curve by ranks; ties count half."""
    values, y = score[of], attack[of]
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int(y.sum())
    return round(float((ranks[y].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives))), 4)
