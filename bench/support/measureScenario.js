import { measureInChild } from './measureInChild.js';

/**
 * Rounds over all subjects of a scenario, every other round backwards, so that what else the machine does falls on all
 * alike. Where time is not what is measured, all of a round run at once.
 *
 * @returns one object per round: the figures by subject.
 */
export async function measureScenario(name, { subjects, isUntimed }, rounds) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`${name}: round ${round + 1} of ${rounds}\n`);
    const names = Object.keys(subjects);
    if (round % 2) names.reverse();
    const figures = {};
    const measure = async (subject) => (figures[subject] = await measureInChild(name, subject));
    if (isUntimed) await Promise.all(names.map(measure));
    else for (const subject of names) await measure(subject);
    results.push(figures);
  }
  return results;
}
