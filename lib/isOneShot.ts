const REPLAYABLE_TAGS = new Set([
  'Object',
  'Array',
  'URLSearchParams',
  'FormData',
  'Blob',
  'File',
  'ArrayBuffer',
  'SharedArrayBuffer',
]);
const tagOf = (value: object) => Object.prototype.toString.call(value).slice(8, -1);

/** R11: whether a body can be read only once. What is not known to be readable again counts as one-shot. */
export function isOneShot(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return typeof body === 'function';
  if (ArrayBuffer.isView(body)) return false;
  // The `form-data` package calls itself FormData, and is a stream.
  const canBeConsumed = ['pipe', 'getReader', 'next'].some((name) => typeof Reflect.get(body, name) === 'function');
  return canBeConsumed || Symbol.asyncIterator in body || !REPLAYABLE_TAGS.has(tagOf(body));
}
