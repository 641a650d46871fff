import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'tpch');
const PACKAGES = join(CACHE, 'packages');
const INSTALLED = join(PACKAGES, 'installed.txt');

/** Path of an extension of DuckDB that is published as a Python package; installed with pip into `.cache/tpch` once. */
export async function extensionPath(name: 'tpch' | 'tpcds', version: string): Promise<string> {
  if ((await textOf(INSTALLED)) !== (await readFile(REQUIREMENTS, 'utf8'))) await install();
  return join(PACKAGES, `duckdb_extension_${name}`, 'extensions', version, `${name}.duckdb_extension`);
}

async function install(): Promise<void> {
  const venv = join(CACHE, 'venv');
  await rm(CACHE, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  try {
    await run('python3', ['-m', 'venv', venv]);
    // The files alone: what the packages need of Python is not needed to read them.
    const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
    const python = join(venv, 'bin', 'python');
    await run(python, ['-m', 'pip', 'install', ...options, '--target', PACKAGES, '-r', REQUIREMENTS]);
  } catch (error) {
    throw new Error('the generators need Python 3 with venv and pip, and a package registry', { cause: error });
  }
  await rm(venv, { recursive: true, force: true });
  await copyFile(REQUIREMENTS, INSTALLED);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
