import { stepSql } from '../generate/step.ts';
import type { Shrunk } from './shrink.ts';

/** A script that shows a difference, to be read by people. */
export function scriptText({ episode, difference }: Shrunk): string {
  return [
    `-- limits ${JSON.stringify(episode.limits)}`,
    ...episode.steps.map((step) => `${stepSql(step)};`),
    `-- ${difference.what}`,
    `-- AlopexDB: ${difference.ours}`,
    `-- expected: ${difference.expected}`,
  ].join('\n');
}
