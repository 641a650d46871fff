#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// Queries, file I/O and commits share libuv's threads; their number is read once, before the first is needed, so everything else is loaded after this.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
const { runCli } = await import('./cli.ts');
const { openDatabase } = await import('./database.ts');
const { listenForEndSignals } = await import('./signals.ts');

/** The version in package.json, which is two folders up from the sources and three from the built files. */
function packageVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('package.json is missing');
}

const { stdin, stdout, stderr, env } = process;
// When nobody reads the complaints any more, nobody is left to be told of it.
stderr.on('error', () => {
  process.exitCode = 1;
});
const { signal, exitStatus } = listenForEndSignals();
const version = packageVersion();
const status = await runCli(process.argv.slice(2), { stdin, stdout, stderr, env, version, openDatabase, signal });
// Set, not `process.exit`: that would cut off what a pipe has not taken yet.
// A server that was told to stop, and did, has done what it was asked for.
process.exitCode = status === 0 && process.argv[2] === 'server' ? 0 : (exitStatus() ?? status);
