import type { Step } from '../generate/step.ts';
import type { Difference } from './run-episode.ts';

interface Divergence {
  readonly why: string;
  readonly fits: (difference: Difference, step: Step) => boolean;
}

/** Where the two may differ, and why. The rest of such an episode is not compared, for the rows may differ from there. */
const ACCEPTED: readonly Divergence[] = [
  {
    why: 'constraints are checked of every row given, as in PostgreSQL, not just of those that ON CONFLICT lets through',
    fits: ({ what }, step) =>
      step.kind === 'insert' &&
      /ON CONFLICT|OR IGNORE/.test(`${step.before}${step.after}`) &&
      /^fails in AlopexDB alone: 235(02|14)/.test(what),
  },
  {
    why: 'DuckDB works out the values of MERGE for rows that its clause does not take',
    fits: ({ what }, step) =>
      step.kind === 'change' && step.sql.startsWith('MERGE') && what.startsWith('fails in DuckDB alone: 22'),
  },
  {
    why: 'in a transaction, DuckDB takes keys for used that the same transaction has freed',
    fits: ({ what, inTransaction, hasDuplicates }) =>
      inTransaction && !hasDuplicates && what.startsWith('fails in DuckDB alone: 23505'),
  },
  {
    why: 'an internal error of DuckDB',
    fits: ({ expected }) => expected.startsWith('error XX000'),
  },
];

/** Why a difference is none. */
export function isAccepted(difference: Difference, step: Step): string | undefined {
  return ACCEPTED.find(({ fits }) => fits(difference, step))?.why;
}
