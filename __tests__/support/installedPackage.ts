import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve('.');

interface PackedFile {
  path: string;
}

/** The package as an app gets it: packed, and installed with axios into a folder of its own. */
export interface InstalledPackage {
  folder: string;
  /** The paths in the tarball. */
  files: string[];
  write(name: string, text: string): void;
  /** Runs a script of the app; returns what it prints. */
  node(...args: string[]): string;
  /** Runs a tool of this repository on the app. */
  tool(path: string, ...args: string[]): string;
  remove(): void;
}

export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), 'axios-graphnet-auth-'));
  const run = (command: string, args: string[], cwd = folder) =>
    execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      // The options of the Jest that runs this are not the app's.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  // The build has run before the tests.
  const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root);
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: PackedFile[] }];
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write('package.json', JSON.stringify({ name: 'app', private: true }));
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', join(folder, filename), 'axios']);
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  symlinkSync(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'));
  return {
    folder,
    files: files.map(({ path }) => path).sort(),
    write,
    node: (...args) => run(process.execPath, args),
    tool: (path, ...args) => run(process.execPath, [join(root, 'node_modules', path), ...args]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
