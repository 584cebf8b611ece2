// Every webhook body of GitHub that others have collected goes through `linkspan webhook parse`: none may be malformed, no image may be seen
// where there is none, and what is about a pull request must be understood as that, with its number.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const linkspan = process.argv[2];
const loaded = createRequire(import.meta.url)("@octokit/webhooks-examples");
const events = loaded.default ?? loaded;
// Actions that change nothing that Linkspan looks at are passed over too.
const wordOf = (name, body) => {
    if (name === "pull_request") return `pull request ${body.number}`;
    if (name === "issue_comment" && body.issue?.pull_request) return `pull request ${body.issue.number}`;
    return null;
};
let seen = 0;
let understood = 0;
const problems = [];
for (const { name, examples } of events) {
    for (const body of examples) {
        const { status, stdout, stderr } = spawnSync(
            linkspan,
            ["webhook", "parse", "--type", "github", "--header", `X-GitHub-Event: ${name}`, "--header", `X-GitHub-Delivery: test-${seen}`, "-"],
            { input: JSON.stringify(body), encoding: "utf8" },
        );
        ++seen;
        const what = `${name}${body.action ? "." + body.action : ""}`;
        if (status !== 0) {
            problems.push(`${what}: exit ${status}: ${stderr.trim()}`);
            continue;
        }
        const said = JSON.parse(stdout);
        if (said.events.length > 0 && !["package", "registry_package"].includes(name)) problems.push(`${what}: an image: ${stdout}`);
        if (said.events.length === 0 && !said.ignored) problems.push(`${what}: no reason`);
        const word = wordOf(name, body);
        if (word && said.ignored?.includes(word)) ++understood;
        else if (word) problems.push(`${what}: "${said.ignored}" where "${word}" was expected`);
    }
}
for (const problem of problems) console.error(problem);
console.log(`${seen} bodies, ${understood} of pull requests understood, ${problems.length} problems`);
process.exit(problems.length > 0 || understood < 20 ? 1 : 0);
