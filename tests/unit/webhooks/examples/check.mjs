// Every webhook body of GitHub that others have collected goes through `linkspan webhook parse`: none may be malformed, no image may be seen
// where there is none, and what is about a pull request must be understood as that, with its number.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const linkspan = process.argv[2];
const loaded = createRequire(import.meta.url)("@octokit/webhooks-examples");
const events = loaded.default ?? loaded;
// What each body says, read here on its own: "merged 7 branch commit" of each word about a pull request.
const whatOf = {
    opened: "opened",
    reopened: "opened",
    synchronize: "pushed",
    labeled: "labelled",
};
const ended = (name, body) => (name === "status" ? body.state !== "pending" : body.action === "completed");
const branchesOf = (name, body) => {
    if (name === "status") return body.branches.map((one) => [one.name, body.sha]);
    if (name === "check_run") return [[body.check_run.check_suite.head_branch, body.check_run.head_sha]];
    return [[body[name].head_branch, body[name].head_sha]];
};
const isForks = (name, body) => {
    const head = name === "workflow_run" ? body.workflow_run.head_repository : body.pull_request?.head?.repo;
    return head === null || (head !== undefined && head.full_name.toLowerCase() !== body.repository.full_name.toLowerCase());
};
const wordsOf = (name, body) => {
    const pull = body.pull_request;
    if (name !== "issue_comment" && isForks(name, body)) return [];
    if (name === "issue_comment") return body.issue.pull_request && body.action === "created" ? [["commented", body.issue.number, null, null]] : [];
    if (name === "pull_request_review") return [["reviewed", pull.number, pull.head.ref, pull.head.sha]];
    if (name === "pull_request") {
        const what = body.action === "closed" ? (pull.merged ? "merged" : "closed") : (whatOf[body.action] ?? "changed");
        return [[what, body.number, pull.head.ref, pull.head.sha]];
    }
    if (["check_suite", "check_run", "workflow_run", "status"].includes(name) && ended(name, body)) {
        return branchesOf(name, body)
            .filter(([branch]) => branch)
            .map(([branch, commit]) => ["checked", 0, branch, commit]);
    }
    return [];
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
        const expected = wordsOf(name, body);
        const found = (said.pull_requests ?? []).map((one) => [one.what, one.number, one.head, one.head_commit]);
        if (JSON.stringify(found) !== JSON.stringify(expected)) problems.push(`${what}: ${JSON.stringify(found)} where ${JSON.stringify(expected)} was expected`);
        for (const one of said.pull_requests ?? []) {
            if (one.repository !== body.repository.full_name) problems.push(`${what}: of ${one.repository}`);
            const actor = one.what === "commented" ? body.comment.user.login : body.sender.login;
            if (one.actor !== actor) problems.push(`${what}: by ${one.actor}, not ${actor}`);
            if (one.what === "labelled" && one.label !== body.label.name) problems.push(`${what}: the label ${one.label}`);
            if (one.what === "commented" && one.text !== body.comment.body) problems.push(`${what}: the comment ${one.text}`);
        }
        understood += expected.length;
    }
}
for (const problem of problems) console.error(problem);
console.log(`${seen} bodies, ${understood} words about pull requests understood, ${problems.length} problems`);
process.exit(problems.length > 0 || understood < 45 ? 1 : 0);
