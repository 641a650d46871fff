import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `run.sh` has put a server. Throws when it is not there: nothing is left out. */
export function serverPath(name: string): string {
  const path = join(process.env['ALOPEX_SERVERS'] ?? '', name);
  if (!existsSync(path)) throw new Error(`${name} is not at ${path}: run it by npm run test:stores`);
  return path;
}
