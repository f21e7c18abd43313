import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const LIMIT_MS = 300_000;

/** One measurement in a fresh process, so that none inherits the heap or the compiled code of another. */
export async function measureInChild(scenarioName, subject) {
  const child = fork(CHILD, [scenarioName, subject], { execArgv: ['--expose-gc'], timeout: LIMIT_MS });
  const exited = once(child, 'exit');
  const [figures] = await Promise.race([once(child, 'message'), exited.then(() => [])]);
  if (!figures) throw new Error(`${scenarioName} failed for ${subject}: see above.`);
  child.disconnect();
  await exited;
  return figures;
}
