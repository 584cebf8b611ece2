// Prints what npm's semver says about generated ranges and versions, a row each:
//   satisfies <TAB> range <TAB> version <TAB> 0 or 1
//   compare   <TAB> version <TAB> version <TAB> -1, 0 or 1
// The same rows every time: the seed is fixed. Only what both languages can write is generated
// ("!=", "=>", "=<" and ',' are Masterminds' alone; an empty range is npm's alone).
'use strict';

const semver = require('semver');

const RANGES = 20000;
const VERSIONS_PER_RANGE = 4;
const COMPARISONS = 20000;

// mulberry32
let state = 20240229;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}
const below = (n) => random() % n;
const pick = (...choices) => choices[below(choices.length)];
const one_in = (n) => below(n) === 0;

// Small, so that ranges and versions meet; now and then one of two digits.
const number = () => (one_in(8) ? pick('10', '11', '20') : String(below(4)));
const identifier = () =>
  pick('0', '1', '2', '10', 'alpha', 'beta', 'rc', 'rc9', 'rc10', 'a-b', '-', '0a', 'RC');
const identifiers = () => Array.from({ length: 1 + below(3) }, identifier).join('.');
const core = () => `${number()}.${number()}.${number()}`;

function version() {
  let out = core();
  if (one_in(3)) out += `-${identifiers()}`;
  if (one_in(8)) out += `+${identifiers()}`;
  return out;
}

function partial() {
  const v = one_in(8) ? 'v' : '';
  switch (below(6)) {
    case 0:
      return v + number();
    case 1:
      return `${v}${number()}.${number()}`;
    case 2:
      return v + pick('*', 'x', 'X', `${number()}.x`, `${number()}.${number()}.*`,
        `${number()}.X.x`);
    case 3:
      return `${v}${core()}-${identifiers()}`;
    default:
      return v + core();
  }
}

function comparators() {
  if (one_in(6)) return `${partial()} - ${partial()}`;
  const count = pick(1, 1, 2, 2, 3);
  return Array.from({ length: count }, () =>
    pick('', '=', '>', '<', '>=', '<=', '~', '~>', '^', '^', '>=', '<') + pick('', '', ' ') +
    partial()).join(pick(' ', '  '));
}

const range = () => Array.from({ length: pick(1, 1, 1, 2, 3) }, comparators).join(pick('||', ' || '));

const rows = [];
for (let i = 0; i < RANGES; ++i) {
  const text = range();
  const parsed = new semver.Range(text);
  for (let j = 0; j < VERSIONS_PER_RANGE; ++j) {
    const v = version();
    rows.push(`satisfies\t${text}\t${v}\t${parsed.test(v) ? 1 : 0}`);
  }
}
for (let i = 0; i < COMPARISONS; ++i) {
  const a = version();
  const b = one_in(3) ? a.replace(/[-+].*/, '') + (one_in(2) ? `-${identifiers()}` : '') : version();
  rows.push(`compare\t${a}\t${b}\t${semver.compare(a, b)}`);
}
process.stdout.write(rows.join('\n') + '\n');
