/** Many calls in one tick: how long until the last is settled, and how many failed. */
export async function callAtOnce(api, calls) {
  const startMs = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: calls }, () => api.get('/Patient/1')));
  const failedCalls = outcomes.filter(({ status }) => status === 'rejected').length;
  return { failedCalls, lastAnswerMs: performance.now() - startMs };
}
