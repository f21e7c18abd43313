// Prints what happens as it happens, and keeps the score.
export function createTimeline() {
  const startedAt = performance.now();
  let failed = 0;
  const say = (text) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(2).padStart(6)} s  ${text}`);
  return {
    say,
    step: (title) => console.log(`\n${title}`),
    /** One figure: what it is and what it should be. */
    check(what, measured, expected) {
      const isRight = typeof expected === 'function' ? expected(measured) : measured === expected;
      if (!isRight) failed += 1;
      say(
        `${isRight ? '✓' : '✗'} ${what}: ${measured}${isRight ? '' : ` (that is not what it should be: ${expected})`}`,
      );
    },
    failures: () => failed,
  };
}
