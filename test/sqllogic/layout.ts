/** Where rows are put after each statement that changes them: left in memory, all in hot segments, all in cold files, or some of each by chance. */
export const LAYOUTS = ['memory', 'hot', 'cold', 'mixed'] as const;

export type Layout = (typeof LAYOUTS)[number];

export function isLayout(text: string): text is Layout {
  return LAYOUTS.some((layout) => layout === text);
}

/** Scripts that say themselves where rows are to be `require fixed-layout`. */
export function layoutRequirements(layout: Layout): ReadonlySet<string> {
  return new Set(layout === 'memory' ? ['fixed-layout'] : []);
}
