// Recorded GraphQL requests and answers of GitHub (JSON lines on standard input) against GitHub's schema: the document,
// its variables, and the answer, which is what a server with this schema would make of its own values.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { buildSchema, execute, getOperationAST, getVariableValues, parse, validate } from "graphql";

const file = new URL("node_modules/@octokit/graphql-schema/schema.graphql", import.meta.url);
const schema = buildSchema(readFileSync(file, "utf8"), { assumeValid: true });
const problems = [];
let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  if (!call.forge.startsWith("github") || call.fault || !call.path.endsWith("/graphql")) continue;
  count += 1;
  const document = parse(call.body.query);
  const told = call.body.query.slice(0, 60);
  const wrong = validate(schema, document);
  if (!wrong.length) wrong.push(...(getVariableValues(schema, getOperationAST(document).variableDefinitions ?? [], call.body.variables ?? {}).errors ?? []));
  for (const error of wrong) problems.push(`${told}: ${error.message}`);
  if (wrong.length || call.status !== 200 || !call.answer.data) continue;
  const again = await execute({ schema, document, variableValues: call.body.variables, rootValue: call.answer.data });
  for (const error of again.errors ?? []) problems.push(`${told}: answer: ${error.message}`);
  if (!again.errors && !isDeepStrictEqual(JSON.parse(JSON.stringify(again.data)), call.answer.data)) problems.push(`${told}: the answer has fields that were not asked for`);
}
for (const problem of problems) console.error(problem);
console.log(`${count} GraphQL requests, ${problems.length} problems`);
process.exit(problems.length || !count ? 1 : 0);
