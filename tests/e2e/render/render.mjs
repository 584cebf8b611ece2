// render.mjs BODY.md PAGE.html: a page as GitHub would show it.
// render.mjs --check BODY.md [allowed URL prefix…]: exit 1 and a list when the body has links, images, mentions or raw HTML other
// than comments, <details>, <summary>, <br> and links to the allowed prefixes.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { marked } from 'marked';

const parse = (path) => marked.lexer(readFileSync(path, 'utf8'), { gfm: true });
const [first, second, ...more] = process.argv.slice(2);
if (first === '--check') {
    const found = [];
    marked.walkTokens(parse(second), (token) => {
        if (token.type === 'link' && !more.some((prefix) => token.href.startsWith(prefix))) found.push(`link ${token.href}`);
        if (token.type === 'image') found.push(`image ${token.href}`);
        if (token.type === 'html') {
            const rest = token.text.replace(/<!--[\s\S]*?-->/g, '').replace(/<\/?(details|summary|br|sub)\s*\/?>/g, '');
            if (/<[a-z!/]/i.test(rest)) found.push(`HTML ${rest.trim()}`);
        }
        if (token.type === 'text' && !token.tokens && /(^|[^\w`])@[a-z\d]/i.test(token.raw)) found.push(`mention in ${token.raw}`);
    });
    found.forEach((line) => console.log(line));
    process.exit(found.length ? 1 : 0);
}
const style = readFileSync(createRequire(import.meta.url).resolve('github-markdown-css/github-markdown.css'), 'utf8');
const body = marked.parser(parse(first));
writeFileSync(second, `<!doctype html><meta charset="utf-8"><title>Pull request</title><style>${style}
.markdown-body { max-width: 900px; margin: 2em auto; padding: 1em; border: 1px solid #d1d9e0; }</style><article class="markdown-body">${body}</article>\n`);
