import { median } from './statistics.js';

function formatSpread(values, digits) {
  const { format } = new Intl.NumberFormat('en-GB', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    // No -0.0.
    signDisplay: 'negative',
  });
  const middle = format(median(values));
  const [lowest, highest] = [Math.min(...values), Math.max(...values)].map(format);
  return lowest === highest ? middle : `${middle} (${lowest} to ${highest})`;
}

/** A column of figures, and behind it those of its ratios to other subjects within the same round. */
function expand({ title, figure, digits = 0, ratiosTo = {} }) {
  const ratios = Object.entries(ratiosTo).map(([other, ratioTitle]) => ({
    title: ratioTitle,
    digits: 2,
    valueOf: (round, subject) => round[subject][figure] / round[other][figure],
  }));
  return [{ title, digits, valueOf: (round, subject) => round[subject][figure] }, ...ratios];
}

/** Median (lowest to highest) of the rounds; a dash where there is no such figure. */
export function markdownTable({ subjects, columns }, rounds) {
  const all = columns.flatMap(expand);
  const cell = ({ digits, valueOf }, subject) => {
    const values = rounds.map((round) => valueOf(round, subject)).filter((value) => value !== undefined);
    return values.length > 0 ? formatSpread(values, digits) : '–';
  };
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...all.map(({ title }) => title)]),
    `|---|${all.map(() => '--:|').join('')}`,
    ...Object.entries(subjects).map(([subject, label]) => line([label, ...all.map((column) => cell(column, subject))])),
  ].join('\n');
}
