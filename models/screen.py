"""The screen: one weight for each hashed byte 1- to 4-gram; a value scores by its worst run of steps.

The very sums of `filter/screen/worst-window.ts`, which tests hold to this file's weights.
"""

import struct

import jax
import jax.numpy as jnp
import numpy as np
import optax

TABLE_BITS = 18
MULTIPLIER = np.uint32(0x9E3779B1)
STEPS = 253
BUCKETS = (32, 64, 128, 254)

FOLD = np.arange(256, dtype=np.uint32)
FOLD[65:91] |= 0x20
FOLD[48:58] = 0x30


def pieces(text: bytes) -> list[bytes]:
    """A value as training sees it: whole, or its first and last piece."""
    return [text] if len(text) <= STEPS else [text[:STEPS], text[-STEPS:]]


def pack(texts: list[bytes], length: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [N, length] of bytes, zeros behind; int32 [N] of steps, the closing zero counted."""
    out = np.zeros((len(texts), length), np.uint8)
    for i, text in enumerate(texts):
        out[i, : len(text)] = np.frombuffer(text, np.uint8)
    return out, np.array([len(t) + 1 for t in texts], np.int32)


def hashes(bytes_: jnp.ndarray, bits: int = TABLE_BITS) -> jnp.ndarray:
    """uint8 [N, L] -> table indices [N, L, 4] of the n-grams that end at each byte."""
    b = jnp.asarray(FOLD)[bytes_]
    shifted = [jnp.pad(b, ((0, 0), (k, 0)))[:, : b.shape[1]] for k in range(4)]
    grams, word = [], jnp.zeros_like(b)
    for k in range(4):
        word = word | (shifted[k] << (8 * k))
        grams.append(word ^ jnp.uint32(0x5BD1E995) if k == 3 else word | jnp.uint32((k + 1) << 24))
    return (jnp.stack(grams, -1) * MULTIPLIER) >> (32 - bits)


def worst_sums(weights: jnp.ndarray, bytes_: jnp.ndarray, steps: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Largest run sum and whole sum of each row; rows have at most STEPS + 1 steps."""
    live = jnp.arange(bytes_.shape[1])[None, :] < steps[:, None]
    sums = jnp.cumsum(jnp.where(live, weights[hashes(bytes_)].sum(-1), 0.0), axis=1)
    start = jnp.pad(jax.lax.cummin(sums, axis=1), ((0, 0), (1, 0)))[:, :-1]
    return jnp.maximum(jnp.max(sums - jnp.minimum(start, 0.0), axis=1), 0.0), sums[:, -1]


def batches(lengths: np.ndarray, rng: np.random.Generator, size: int):
    """Index batches of alike lengths: (bucket, indices)."""
    out, low = [], 0
    for bucket in BUCKETS:
        chosen = np.flatnonzero((lengths < bucket) & (lengths >= low))
        rng.shuffle(chosen)
        out += [(bucket, chosen[i : i + size]) for i in range(0, len(chosen), size)]
        low = bucket
    rng.shuffle(out)
    return out


def train(texts: list[bytes], attack: np.ndarray, weight: np.ndarray, epochs: int = 10, seed: int = 1) -> np.ndarray:
    """float32 [1 << TABLE_BITS] of weights in logits."""
    rng = np.random.default_rng(seed)
    owner, parts = [], []
    for i, text in enumerate(texts):
        for part in pieces(text):
            owner.append(i)
            parts.append(part)
    owner = np.array(owner)
    target = attack[owner].astype(np.float32)
    weight = (weight / weight.mean()).astype(np.float32)[owner]
    lengths = np.array([len(p) for p in parts])
    parameters = {"table": jnp.zeros(1 << TABLE_BITS), "bias": jnp.array(-3.0)}
    optimizer = optax.adam(optax.exponential_decay(0.02, 4000, 0.5))

    def loss(p, bytes_, steps, y, w, whole):
        worst, total = worst_sums(p["table"], bytes_, steps)
        logit = p["bias"] + jnp.where(whole, total + 3.0, worst)
        return jnp.mean(w * optax.sigmoid_binary_cross_entropy(logit, y)) + 1e-6 * jnp.sum(p["table"] ** 2)

    @jax.jit
    def step(p, state, bytes_, steps, y, w, whole):
        gradient = jax.grad(loss)(p, bytes_, steps, y, w, whole)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(p, updates), state

    state = optimizer.init(parameters)
    for epoch in range(epochs):
        for bucket, chosen in batches(lengths, rng, 512):
            if len(chosen) < 512:
                chosen = np.concatenate([chosen, rng.choice(chosen, 512 - len(chosen))])
            packed, steps = pack([parts[i] for i in chosen], bucket)
            parameters, state = step(parameters, state, packed, steps, target[chosen], weight[chosen], epoch < 2)
        print(f"screen: epoch {epoch + 1} of {epochs}", flush=True)
    return np.asarray(parameters["table"])


def quantise(table: np.ndarray) -> tuple[np.ndarray, float]:
    """int8 weights and the logits that one step of them stands for."""
    step = float(np.quantile(np.abs(table[table != 0]), 0.9995)) / 127
    return np.clip(np.rint(table / step), -127, 127).astype(np.int8), step


def screen_bin(weights: np.ndarray, bias: float, scale: float) -> bytes:
    """Layout of `scripts/build/bundle.ts`."""
    return struct.pack("<4sHBBff", b"PSSB", 1, TABLE_BITS, 1, bias, scale) + weights.tobytes()
