// What packages say about platforms' APIs, as operations: {method, path, query, body, answers(status)}, types of the compiler.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { compiler, member } from "./value_against_type.mjs";

const folder = (name) => {
  const require = createRequire(import.meta.url);
  for (let at = dirname(require.resolve(name)); at !== "/"; at = dirname(at)) if (at.endsWith(`node_modules/${name}`)) return at;
};

// Made by openapi-typescript: an interface `paths`.
function openapiTypes(file) {
  const made = compiler([file]);
  const { checker, source } = made;
  const paths = checker.getExportsOfModule(checker.getSymbolAtLocation(source(file))).find((one) => one.name === "paths");
  const operations = [];
  for (const path of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(paths))) {
    const type = checker.getTypeOfSymbol(path);
    for (const method of ["get", "put", "post", "delete", "patch"]) {
      operations.push({
        method: method.toUpperCase(),
        path: path.name,
        get there() {
          return Boolean(member(made, type, method)?.getProperties().length);
        },
        get query() {
          const query = member(made, member(made, member(made, type, method), "parameters"), "query");
          return query && new Map(checker.getPropertiesOfType(query).map((one) => [one.name, checker.getTypeOfSymbol(one)]));
        },
        get body() {
          return member(made, member(made, member(made, member(made, type, method), "requestBody"), "content"), "application/json");
        },
        answer(status) {
          const responses = member(made, member(made, type, method), "responses");
          const one = member(made, responses, String(status));
          if (!one) return undefined;
          const content = member(made, one, "content");
          return { type: member(made, content, "application/json") ?? member(made, content, "application/json;charset=UTF-8") };
        },
      });
    }
  }
  return { made, operations };
}

// Made by swagger-typescript-api: functions that say "@request METHOD:/path" in their comments.
function taggedFunctions(file) {
  const made = compiler([file]);
  const { checker, source } = made;
  const operations = [];
  const visit = (node) => {
    const tag = ts.getJSDocTags(node).find((one) => one.tagName.text === "request");
    if (tag && ts.isPropertySignature(node)) {
      const [, method, path] = /^([A-Z]+):(\S+)/.exec(ts.getTextOfJSDocComment(tag.comment)) ?? [];
      const signature = checker.getTypeAtLocation(node).getCallSignatures()[0];
      const parameters = new Map(signature.getParameters().map((one) => [one.name, one]));
      const typeOf = (name) => parameters.has(name) && checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameters.get(name), node));
      const query = typeOf("query");
      operations.push({
        method,
        path,
        there: true,
        query: query ? new Map(checker.getPropertiesOfType(query).map((one) => [one.name, checker.getTypeOfSymbol(one)])) : undefined,
        body: typeOf("body") || typeOf("data") || undefined,
        answer: () => ({ type: member(made, checker.getAwaitedType(signature.getReturnType()), "data") }),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source(file));
  return { made, operations };
}

// Types by their names in a file's exports, or in files that it imports from; "GitRef[]" and "{value: GitRef[]}" too.
function namedTypes(...files) {
  const made = compiler(files);
  const { checker, program, source } = made;
  const of = (name) => {
    for (const one of [...files.map(source), ...program.getSourceFiles()]) {
      const module = checker.getSymbolAtLocation(one);
      let found = module && checker.getExportsOfModule(module).find((symbol) => symbol.name === name);
      if (found && found.flags & ts.SymbolFlags.Alias) found = checker.getAliasedSymbol(found);
      if (found) return checker.getDeclaredTypeOfSymbol(found);
    }
    throw new Error(`${files} have no type ${name}`);
  };
  return { made, of };
}

// @gitbeaker: its types for bodies and answers, and the client itself for paths: each operation says how the client makes it.
async function gitlab() {
  const { made, of } = namedTypes(join(folder("@gitbeaker/core"), "dist/index.d.ts"));
  const beaker = await import("@gitbeaker/core");
  const project = "acme/fleet";
  // What the client takes as arguments of their own.
  const rows = [
    ["MergeRequests", (api) => api.create(project, "a", "b", "t"), "CreateMergeRequestOptions", ["source_branch", "target_branch", "title"], "ExpandedMergeRequestSchema"],
    ["MergeRequests", (api) => api.edit(project, 7, {}), "EditMergeRequestOptions", [], "ExpandedMergeRequestSchema"],
    ["MergeRequests", (api) => api.merge(project, 7, {}), "AcceptMergeRequestOptions", [], "ExpandedMergeRequestSchema"],
    ["MergeRequests", (api) => api.show(project, 7), undefined, [], "ExpandedMergeRequestSchema"],
    ["MergeRequests", (api) => api.all({ projectId: project }), "AllMergeRequestsOptions", ["per_page", "page"], "MergeRequestSchemaWithBasicLabels[]"],
    ["MergeRequests", (api) => api.cancelOnPipelineSuccess(project, 7), undefined, [], undefined],
    ["MergeRequestNotes", (api) => api.create(project, 7, "text"), undefined, ["body"], "MergeRequestNoteSchema"],
    ["MergeRequestNotes", (api) => api.all(project, 7), undefined, ["sort", "order_by", "per_page", "page"], "MergeRequestNoteSchema[]"],
    ["MergeRequestLabelEvents", (api) => api.all(project, 7), undefined, ["per_page", "page"], "LabelEventSchema[]"],
    ["MergeTrains", (api) => api.addMergeRequest(project, 7, {}), undefined, ["sha", "squash", "when_pipeline_succeeds", "auto_merge"], "MergeTrainSchema[]"],
    ["Branches", (api) => api.show(project, "a/b"), undefined, [], "BranchSchema"],
    ["Branches", (api) => api.remove(project, "a/b"), undefined, [], undefined],
    ["Commits", (api) => api.create(project, "a", "m", []), "CreateCommitOptions", ["branch", "commit_message"], "ExpandedCommitSchema"],
    ["Commits", (api) => api.show(project, "sha"), undefined, [], "ExpandedCommitSchema"],
    ["Commits", (api) => api.editStatus(project, "sha", "success"), "EditPipelineStatusOptions", ["state"], "CommitStatusSchema"],
    ["Users", (api) => api.all({ username: "ann" }), undefined, ["username"], "UserSchema[]"],
    ["Projects", (api) => api.show(project), undefined, [], "ProjectSchema"],
    ["ProjectMembers", (api) => api.show(project, 5, { includeInherited: true }), undefined, [], "MemberSchema"],
  ];
  const operations = [];
  for (const [resource, call, body, own, answer] of rows) {
    let made;
    let base = "";
    const note = (method) => async (path, options) => {
      made = { method: method.toUpperCase(), path: `${base}/${path}` };
      return { body: [], headers: {}, status: 200 };
    };
    const requesterFn = () => Object.fromEntries(["get", "post", "put", "patch", "delete"].map((method) => [method, note(method)]));
    const api = new beaker[resource]({ host: "https://gitlab.example.com", token: "test", requesterFn });
    base = api.url.split("/api/v4")[1].replace(/\/$/, "");
    await call(api);
    const path = made.path.replace(/a%2Fb/, "{branch}").replace(/\b(7|5|sha)\b/, "{id}");
    operations.push({ method: made.method, path, there: true, options: body, own, answer });
  }
  return {
    made,
    operations: operations.map((one) => ({
      ...one,
      get body() {
        return one.options && of(one.options);
      },
      answer: () => ({ type: one.answer && type(of, one.answer), list: one.answer?.endsWith("[]") }),
    })),
    spelling: (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
  };
}

const type = (of, name) => of(name.replace("[]", ""));

// Microsoft's client asks the server for its paths: here they are from the documentation, and only bodies and answers
// are Microsoft's.
function azure() {
  const { made, of } = namedTypes(...["Git", "Core", "Locations", "Policy"].map((one) => join(folder("azure-devops-node-api"), `interfaces/${one}Interfaces.d.ts`)));
  const git = "/{org}/{project}/_apis/git/repositories/{repository}";
  const rows = [
    ["POST", `${git}/pullrequests`, "GitPullRequest", "GitPullRequest"],
    ["PATCH", `${git}/pullrequests/{id}`, "GitPullRequest", "GitPullRequest"],
    ["GET", `${git}/pullrequests/{id}`, undefined, "GitPullRequest"],
    ["GET", `${git}/pullrequests`, undefined, "GitPullRequest[]", ["$top", "$skip"]],
    ["POST", `${git}/pullrequests/{id}/labels`, "WebApiCreateTagRequestData", "WebApiTagDefinition"],
    ["DELETE", `${git}/pullrequests/{id}/labels/{label}`],
    ["GET", "/{org}/_apis/projects/{project}/teams", undefined, "WebApiTeam[]", ["$top", "$skip"]],
    ["GET", "/{org}/_apis/projects/{project}/teams/{team}/members", undefined, "TeamMember[]", ["$top", "$skip"]],
    ["GET", `${git}/pullrequests/{id}/labels`, undefined, "WebApiTagDefinition[]"],
    ["GET", "/{org}/{project}/_apis/policy/evaluations", undefined, "PolicyEvaluationRecord[]", ["artifactId", "$top"]],
    ["GET", `${git}/commits/{id}/statuses`, undefined, "GitStatus[]", ["top", "latestOnly"]],
    ["GET", "/{org}/_apis/connectionData", undefined, "ConnectionData"],
    ["GET", `${git}/refs`, undefined, "GitRef[]", ["filter"]],
    ["POST", `${git}/refs`, "GitRefUpdate[]", "GitRefUpdateResult[]"],
    ["POST", `${git}/pullrequests/{id}/threads`, "GitPullRequestCommentThread", "GitPullRequestCommentThread"],
    ["GET", `${git}/pullrequests/{id}/threads`, undefined, "GitPullRequestCommentThread[]"],
    ["PUT", `${git}/pullrequests/{id}/reviewers/{reviewer}`, "IdentityRefWithVote", "IdentityRefWithVote"],
    ["POST", `${git}/commits/{id}/statuses`, "GitStatus", "GitStatus"],
  ];
  const operations = rows.map(([method, path, body, answer, own]) => ({
    method,
    path,
    own,
    there: true,
    list: body?.endsWith("[]"),
    body: body && type(of, body),
    answer: () => ({ type: answer && type(of, answer), list: answer?.endsWith("[]"), wrapped: true }),
  }));
  return { made, operations, criteria: of("GitPullRequestSearchCriteria") };
}

export const books = {
  gitlab,
  azure_devops: azure,
  bitbucket_cloud: () => openapiTypes(join(folder("@coderabbitai/bitbucket"), "dist/cloud/openapi/openapi-typescript.d.ts")),
  bitbucket_data_center: () => openapiTypes(join(folder("@coderabbitai/bitbucket"), "dist/server/openapi/openapi-typescript.d.ts")),
  gitea: () => taggedFunctions(join(folder("gitea-js"), "dist/index.d.ts")),
  forgejo: () => taggedFunctions(join(folder("forgejo-js"), "dist/index.d.ts")),
};
