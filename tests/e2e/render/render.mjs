// render.mjs BODY.md PAGE.html: a page as GitHub would show it.
// render.mjs --check BODY.md…: what two renderers make of them: exit 1 and a list when there are elements, links or boxes that are not
// ours, or text in which a platform finds a mention or a reference.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import MarkdownIt from 'markdown-it';
import { marked } from 'marked';

// Those of Markdown itself, and what our bodies write as HTML.
const ELEMENTS = new Set(
    ('p h1 h2 h3 strong em del code pre ul ol li hr br table thead tbody tr th td blockquote a input details summary').split(' '),
);
const OURS = ['https://github.com/acme/app/', 'https://ci.example.com/builds/', 'https://linkspan.example.com/v1/deliveries/'];
const UNWANTED = ['h1', 'h2', 'h3', 'em', 'del', 'pre', 'ol', 'blockquote'];
const SEEN = [
    ['mention', /(^|[^\w/])@[\w"]/],
    ['reference', /#\d|\b[Gg][HLhl]-\d|(^|\s)[!&%~$^][\w"]/],
    ['tracker', /\b[A-Z][A-Z0-9_]+-\d/],
    ['commit', /\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b/],
    ['emoji', /:[\w+-]{2,}:/],
    ['address', /\w:\/\/\w|\bwww\.\w/i],
];

const decoded = (text) =>
    text.replace(/&(lt|gt|amp|quot|#39);/g, (_, name) => ({ lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" })[name]);

function problems(html) {
    const found = [];
    const open = [];
    const text = html.replace(/<!--[\s\S]*?-->/g, '').replace(/<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>|([^<]+)/g, (all, end, name, rest, words) => {
        if (words !== undefined) {
            if (open.includes('code')) return '';
            if (open.includes('a')) return words;
            for (const [what, pattern] of SEEN) {
                const hit = decoded(words).match(pattern);
                if (hit) found.push(`${what} "${hit[0]}" in: ${words.trim().slice(0, 120)}`);
            }
            return words;
        }
        const element = name.toLowerCase();
        if (end) {
            open.splice(open.lastIndexOf(element), 1);
            return '';
        }
        if (!ELEMENTS.has(element) || UNWANTED.includes(element)) found.push(`element ${all}`);
        if (element === 'a') {
            const href = rest.match(/href="([^"]*)"/)?.[1] ?? '';
            if (!OURS.some((prefix) => decoded(href).startsWith(prefix))) found.push(`link ${href}`);
        } else if (element === 'input') {
            if (!/type="checkbox"/.test(rest) || /checked/.test(rest)) found.push(`box ${all}`);
        } else if (/\bon\w+=|style=|src=/.test(rest)) {
            found.push(`attributes ${all}`);
        }
        if (!['br', 'hr', 'input'].includes(element)) open.push(element);
        return '';
    });
    if (/<|linkspan:v1 target=prod/.test(text)) found.push(`left over: ${text.match(/<|linkspan:v1 target=prod/)[0]}`);
    return found;
}

const [first, second, ...more] = process.argv.slice(2);
if (first === '--check') {
    const it = new MarkdownIt({ html: true, linkify: false });
    let wrong = 0;
    for (const path of [second, ...more]) {
        const source = readFileSync(path, 'utf8');
        const pages = { marked: marked.parse(source, { gfm: true }), 'markdown-it': it.render(source) };
        for (const [name, html] of Object.entries(pages)) {
            const found = problems(html);
            // The rules of a table: as many cells in each row as in its head.
            const rows = [...html.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map((row) => row[1].match(/<t[hd]/g).length);
            if (new Set(rows).size > 1) found.push(`rows of ${[...new Set(rows)].join(' and ')} cells`);
            if (rows.length < 2) found.push('no table');
            if ((html.match(/<hr/g) ?? []).length !== 1) found.push('not one line');
            found.forEach((line) => console.log(`${path}: ${name}: ${line}`));
            wrong += found.length;
        }
    }
    process.exit(wrong ? 1 : 0);
}
const style = readFileSync(createRequire(import.meta.url).resolve('github-markdown-css/github-markdown.css'), 'utf8');
const body = marked.parse(readFileSync(first, 'utf8'), { gfm: true });
writeFileSync(second, `<!doctype html><meta charset="utf-8"><title>Pull request</title><style>${style}
.markdown-body { max-width: 900px; margin: 2em auto; padding: 1em; border: 1px solid #d1d9e0; }</style><article class="markdown-body">${body}</article>\n`);
