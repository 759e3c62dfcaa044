"""Trains the model on labelled windows. Deterministic for one seed, one machine, one version of JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from classes import BENIGN, UNCLASSED
from network import LENGTH, encode, initial, logits, rounded

BUCKETS = (32, 64, 128, LENGTH)
BATCH = 512
KEPT_POSITIONS = 0.75
LABEL_SMOOTHING = 0.01


def loss(p, key, ids, label, weight):
    """Cross-entropy of the class, and of attack against benign; an attack without class counts in the second only."""
    keep = jax.random.bernoulli(key, KEPT_POSITIONS, ids.shape).astype(jnp.float32)
    logp = jax.nn.log_softmax(logits(p, ids, keep))
    benign = logp[:, BENIGN]
    attack = jax.nn.logsumexp(logp[:, 1:], axis=1)
    is_attack = (label != BENIGN).astype(jnp.float32)
    target = is_attack * (1 - LABEL_SMOOTHING) + (1 - is_attack) * LABEL_SMOOTHING / 10
    binary = -(target * attack + (1 - target) * benign)
    classed = (label != UNCLASSED) & (label != BENIGN)
    of_class = -jnp.take_along_axis(logp, jnp.maximum(label, 0)[:, None], 1)[:, 0]
    return jnp.mean(weight * (binary + 0.3 * jnp.where(classed, of_class + attack, 0.0)))


def fit(windows: list[bytes], label: np.ndarray, weight: np.ndarray, epochs: int, seed: int = 1):
    rng = np.random.default_rng(seed)
    lengths = np.array([len(w) for w in windows])
    weight = (weight / weight.mean()).astype(np.float32)
    steps = epochs * (len(windows) // BATCH + len(BUCKETS))
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(optax.cosine_onecycle_schedule(steps, 2e-3, 0.2), weight_decay=5e-2),
    )
    parameters = initial(seed)
    state, key = optimizer.init(parameters), jax.random.key(seed + 1)

    @jax.jit
    def step(p, state, key, ids, y, w):
        value, gradient = jax.value_and_grad(loss)(p, key, ids, y, w)
        updates, state = optimizer.update(gradient, state, p)
        return optax.apply_updates(p, updates), state, value

    for epoch in range(epochs):
        total, plan = 0.0, plan_epoch(lengths, rng)
        for bucket, chosen in plan:
            ids = encode([windows[i] for i in chosen], bucket)
            key, dropped = jax.random.split(key)
            parameters, state, value = step(parameters, state, dropped, ids, label[chosen], weight[chosen])
            total += float(value)
        print(f"model: epoch {epoch + 1} of {epochs}, loss {total / len(plan):.4f}", flush=True)
    return rounded(jax.tree.map(np.asarray, parameters))[0]


def plan_epoch(lengths: np.ndarray, rng: np.random.Generator):
    """Batches of alike lengths, each of BATCH samples (the last of a bucket repeats some)."""
    out, low = [], -1
    for bucket in BUCKETS:
        chosen = rng.permutation(np.flatnonzero((lengths <= bucket) & (lengths > low)))
        low = bucket
        for i in range(0, len(chosen), BATCH):
            batch = chosen[i : i + BATCH]
            out.append(
                (
                    bucket,
                    batch if len(batch) == BATCH else np.concatenate([batch, rng.choice(chosen, BATCH - len(batch))]),
                )
            )
    rng.shuffle(out)
    return out


def predict(parameters, windows: list[bytes]) -> np.ndarray:
    """[N, classes] of logits."""
    out = np.zeros((len(windows), parameters["out_bias"].shape[0]), np.float32)
    lengths = np.array([len(w) for w in windows])
    run, low = jax.jit(logits), -1
    for bucket in BUCKETS:
        chosen = np.flatnonzero((lengths <= bucket) & (lengths > low))
        low = bucket
        for i in range(0, len(chosen), 1024):
            batch = chosen[i : i + 1024]
            ids = encode([windows[j] for j in batch] + [b""] * (1024 - len(batch)), bucket)
            out[batch] = np.asarray(run(parameters, ids))[: len(batch)]
    return out
