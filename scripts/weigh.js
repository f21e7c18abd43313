// What a bundle takes over the wire, axios aside: `node scripts/weigh.js dist/index.js`.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** Bytes of a module with everything that it imports, axios and Node's own modules aside: minified, and gzipped besides. */
export async function weigh(file) {
  const bundle = await rolldown({ input: file, external: ['axios', /^node:/], platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  const code = output.map((chunk) => chunk.code).join('');
  return { minifiedBytes: Buffer.byteLength(code), gzippedBytes: gzipSync(code, { level: 9 }).length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(await weigh(process.argv[2])));
