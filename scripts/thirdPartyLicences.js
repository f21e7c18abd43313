import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

async function readLicence(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} comes without a licence file`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`## ${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}

/** A rolldown plugin that puts the licences of all packages that a bundle contains beside it. */
export function thirdPartyLicences() {
  return {
    name: 'third-party-licences',
    async generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? []);
      const folders = modules.map((id) => /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0]);
      const licences = await Promise.all([...new Set(folders.filter(Boolean))].sort().map(readLicence));
      const source = ['dist/index.cjs contains the packages below.', ...licences, ''].join('\n\n');
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENSES.md', source });
    },
  };
}
