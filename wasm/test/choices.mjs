// Choices that follow from a seed.

/** A source of choices; the same for the same seed. */
export function choices(seed) {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  const below = (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % end;
  };
  return { below, pick: (items) => items[below(items.length)], chance: (percent) => below(100) < percent };
}
