// What Microsoft's parser says of queries: {"tables": {T: {column: type}}, "queries": {name: text}} on standard input,
// {name: {"diagnostics": ["..."], "columns": {name: type}}} on standard output.
const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');
const packages = createRequire(`${process.argv[2]}/`);
packages('@kusto/language-service-next/bridge.min.js'); // first: the other needs globalThis.Bridge
packages('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
const { Kusto, Bridge } = globalThis;
const symbols = Kusto.Language.Symbols;
const given = JSON.parse(readFileSync(0, 'utf8'));
const tables = Object.entries(given.tables).map(([name, columns]) => {
  const described = Object.entries(columns).map(([column, type]) => `${column}: ${type}`);
  return new symbols.TableSymbol.$ctor7(name, `(${described.join(', ')})`, '');
});
const database = new symbols.DatabaseSymbol.ctor('LogAnalytics', tables);
const globals = Kusto.Language.GlobalState.Default.WithDatabase(database);
const found = Object.entries(given.queries).map(([name, text]) => {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(text, globals);
  const diagnostics = Bridge.toArray(code.GetDiagnostics()).map((each) => {
    const line = text.slice(0, each.Start).split('\n').length;
    return `${each.Severity} ${each.Code} in line ${line}: ${each.Message}`;
  });
  const columns = code.ResultType && code.ResultType.Columns ? Bridge.toArray(code.ResultType.Columns) : [];
  return [name, { diagnostics, columns: Object.fromEntries(columns.map((each) => [each.Name, each.Type.Name])) }];
});
process.stdout.write(JSON.stringify(Object.fromEntries(found)));
