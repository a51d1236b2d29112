/** What an evaluation says, as rows that can be sent to a page: the baseline first, then the candidates, the best first. */
export function ranked({ results, baselineResult, winner }, nameOf = (name) => name) {
  return [baselineResult, ...results].map(({ name, score, versusBaseline, error }) => [
    nameOf(name), score, versusBaseline?.difference, ...(versusBaseline?.confidence95 ?? [undefined, undefined]),
    versusBaseline?.verdict ?? '', error ? `${error.code}: ${error.cause?.message ?? error.message}` : '', winner?.name === name,
  ]);
}
