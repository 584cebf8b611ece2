// check_types.mjs PLATFORM: recorded requests and answers (JSON lines on standard input) against the platform's
// description in types. Of a request: the path and its query parameters exist, the body has what it needs, nothing
// unknown, and the right types. Of a successful answer: no field that the platform does not have, none of a wrong type.
import { createInterface } from "node:readline";
import { books } from "./descriptions.mjs";
import { known } from "./known_gaps.mjs";
import { valueAgainstType } from "./value_against_type.mjs";

const platform = process.argv[2];
const { made, operations, spelling, criteria } = await books[platform]();
const gaps = known[platform];
const used = new Set();
const excused = (text) => {
  const gap = gaps.findings.find(({ pattern }) => pattern.test(text));
  if (gap) used.add(gap);
  return Boolean(gap);
};
const inRequests = valueAgainstType(made);
const inAnswers = valueAgainstType(made, { answer: true });
const pattern = (path) => new RegExp("^" + path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, (_, name) => (name === "branch" || name === "name" ? "(.+)" : "([^/]+)")) + "$");
const patterns = operations.map((one) => ({ ...Object.getOwnPropertyDescriptors(one), operation: one, regex: pattern(one.path), holes: one.path.split("{").length })).sort((a, b) => a.holes - b.holes);

// As the package spells it.
const spelled = (value) =>
  Array.isArray(value) ? value.map(spelled) : value !== null && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, one]) => [spelling(name), spelled(one)])) : value;
const each = (value, list, at) => (list ? (Array.isArray(value) ? value.map((one, i) => [one, `${at}[${i}]`]) : []) : [[value, at]]);

const problems = new Map();
let count = 0;
const finding = (call, text) => {
  const told = `${call.method} ${call.path}: ${text}`;
  if (!excused(told)) problems.set(told.replace(/\d+/g, "N"), told);
};
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  if (call.forge !== platform || call.fault || call.status === 404) continue;
  count += 1;
  call.path = gaps.path(call.path);
  const found = patterns.find(({ regex, operation }) => operation.method === call.method && regex.test(call.path) && operation.there);
  if (!found) {
    finding(call, "no such operation");
    continue;
  }
  const { operation } = found;
  for (const [name, values] of Object.entries(call.query ?? {})) {
    if (name === "api-version" || operation.own?.includes(name)) continue;
    const fields = criteria && Object.fromEntries(criteria.getProperties().map((one) => [`searchCriteria.${one.name}`, one]));
    const asked = spelling ? operation.body : undefined;
    const property = fields?.[name] ?? asked?.getProperties().find((one) => one.name === spelling(name));
    const type = property ? made.checker.getTypeOfSymbol(property) : operation.query?.get(name);
    if (!type) finding(call, `no query parameter ${name}`);
    else if (!inRequests(values[0], type, name).every((one) => /is a string, not/.test(one))) finding(call, `query: ${inRequests(values[0], type, name)}`);
  }
  if (call.body !== null && typeof call.body === "object") {
    let body = call.body;
    if (operation.own) body = Object.fromEntries(Object.entries(body).filter(([name]) => !operation.own.includes(name)));
    if (spelling) body = spelled(body);
    if (!operation.body && Object.keys(body).length) finding(call, "takes no body");
    else if (operation.body) for (const [one, at] of each(body, operation.list, "body")) for (const text of inRequests(one, operation.body, at)) finding(call, text);
  }
  if (call.status >= 300 || call.answer === null || call.answer === "") continue;
  const answer = operation.answer(call.status);
  if (!answer) finding(call, `${call.status} is not described`);
  else if (answer.type && typeof call.answer === "object") {
    const value = answer.list && answer.wrapped ? call.answer.value : call.answer;
    if (answer.list && !Array.isArray(value)) finding(call, "the answer is no list");
    for (const [one, at] of each(value, answer.list, "answer")) for (const text of inAnswers(one, answer.type, at)) finding(call, text);
  }
}
for (const one of problems.values()) console.error(one);
for (const gap of gaps.findings) if (!used.has(gap)) console.error(`the known gap ${gap.pattern} is none any more`);
console.log(`${platform}: ${count} requests, ${problems.size} problems, ${used.size} known gaps of the description`);
process.exit(problems.size || !count || used.size < gaps.findings.length ? 1 : 0);
