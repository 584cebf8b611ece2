// Lines {"method", "path", "body"} on standard input, and with "status" and "answer" what a fake recorded
// (LINKSPAN_FORGE_RECORDINGS): answers that no test made wrong on purpose are validated, too. Of a request: the path exists, its query parameters do, and the body is what
// the description asks for. Unknown body fields are errors, too: GitHub would ignore them silently.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import Ajv from "ajv";

const file = createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.deref.json");
const description = JSON.parse(readFileSync(file, "utf8"));
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

// "{ref}" of branches takes slashes; longer and more literal patterns first.
const patterns = Object.keys(description.paths)
  .map((path) => ({ path, regex: new RegExp("^" + path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, (_, name) => (name === "ref" ? "(.+)" : "([^/]+)")) + "$") }))
  .sort((a, b) => a.path.split("{").length - b.path.split("{").length);

// OpenAPI 3.0's "nullable" as JSON Schema says it.
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== "object") return schema;
  const { nullable, discriminator, example, ...rest } = schema;
  const out = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, key === "enum" ? value : plain(value)]));
  return nullable ? { anyOf: [out, { type: "null" }] } : out;
}

const validators = new Map();
function compiled(schema) {
  if (!validators.has(schema)) validators.set(schema, ajv.compile(plain(schema)));
  return validators.get(schema);
}

const problems = [];
let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  if (call.forge && (!call.forge.startsWith("github") || call.fault || call.path === "/graphql")) continue;
  if (call.query) call.path += "?" + new URLSearchParams(Object.entries(call.query).flatMap(([name, values]) => values.map((value) => [name, value])));
  if (call.body === null) delete call.body;
  const [path, query] = call.path.split("?");
  const found = patterns.find(({ path: name, regex }) => regex.test(path) && description.paths[name][call.method.toLowerCase()]);
  const told = `${call.method} ${call.path}`;
  count += 1;
  if (!found) {
    problems.push(`${told}: no such operation`);
    continue;
  }
  const operation = description.paths[found.path][call.method.toLowerCase()];
  for (const [name, value] of new URLSearchParams(query ?? "")) {
    const parameter = (operation.parameters ?? []).find((p) => p.in === "query" && p.name === name);
    if (!parameter) problems.push(`${told}: no query parameter ${name}`);
    else if (parameter.schema.enum && !parameter.schema.enum.includes(value)) problems.push(`${told}: ${name} is none of ${parameter.schema.enum}`);
  }
  if (call.status !== undefined) {
    const response = operation.responses[call.status];
    if (!response && call.status < 300) problems.push(`${told}: ${call.status} is not described`);
    const wanted = response?.content?.["application/json"]?.schema;
    if (wanted && call.status < 400) {
      const check = compiled(wanted);
      if (!check(call.answer)) problems.push(`${told}: answer ${call.status}: ${ajv.errorsText(check.errors.slice(0, 3))}`);
    }
  }
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  if (call.body === undefined) {
    if (operation.requestBody?.required) problems.push(`${told}: a body is required`);
    continue;
  }
  if (!schema) {
    problems.push(`${told}: takes no body`);
    continue;
  }
  const validate = compiled(schema);
  if (!validate(call.body)) problems.push(`${told}: ${ajv.errorsText(validate.errors)}`);
  const known = [schema, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap((s) => Object.keys(s.properties ?? {}));
  for (const name of Object.keys(call.body)) if (!known.includes(name)) problems.push(`${told}: no field ${name}`);
}
for (const problem of problems) console.error(problem);
console.log(`${count} requests, ${problems.length} problems`);
process.exit(problems.length || !count ? 1 : 0);
