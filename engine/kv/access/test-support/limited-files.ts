import type { AppendFile } from '../../../ports/file-system.ts';
import { MemoryFileSystem } from '../../../test-support/memory-file-system.ts';

/** Files in memory on a disk that can be full, for all files or for those whose path has a part of a name. */
export class LimitedFiles extends MemoryFileSystem {
  /** Appends to files with this in their path fail with ENOSPC. */
  full: string | undefined;

  override async openAppend(path: string): Promise<AppendFile> {
    const file = await super.openAppend(path);
    const check = (): void => {
      if (this.full === undefined || !path.includes(this.full)) return;
      throw Object.assign(new Error(`ENOSPC: no space left on device, write ${path}`), { code: 'ENOSPC' });
    };
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      async append(bytes) {
        check();
        await file.append(bytes);
      },
      appendNow(bytes) {
        check();
        file.appendNow?.(bytes);
      },
      sync: () => file.sync(),
      async appendDurably(this: AppendFile, bytes) {
        await this.append(bytes);
        await this.sync();
      },
      close: () => file.close(),
    };
  }

  /** What a killed process leaves: everything that was written. */
  copy(): LimitedFiles {
    const files = new LimitedFiles();
    for (const [path, bytes] of this.files) files.files.set(path, bytes);
    return files;
  }
}
