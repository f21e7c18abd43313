// One measurement: `node --expose-gc bench/support/child.js perRequest graphnetAuth`.
const [scenarioName, subject] = process.argv.slice(2);
// Open sockets would keep the process alive when its parent has gone.
process.once('disconnect', () => process.exit());

const { [scenarioName]: scenario } = await import(`../scenarios/${scenarioName}.js`);
const figures = await scenario.measure(subject);
if (process.send) process.send(figures);
else {
  console.log(figures);
  process.exit();
}
