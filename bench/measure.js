/** One measurement in a process of its own: `node measure.js <module> <function> <arguments…>`, the result as JSON. */
const [module, name, ...args] = process.argv.slice(2);
const measurement = await import(`./${module}.js`);
console.log(JSON.stringify(await measurement[name](...args)));
process.exit(0);
