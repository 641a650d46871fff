import { parentPort } from 'node:worker_threads';

/** A worker that dies of the first job it gets. */
parentPort?.on('message', () => {
  throw new Error('out of luck');
});
