// What a description says otherwise than the platform: each with where the platform's truth is known from. A gap that no
// finding needs any more is an error, so that this list does not outlive its reasons.
const same = (path) => path;

export const known = {
  gitlab: {
    // By its number after it has moved, and where a read of the old name is redirected to.
    path: (path) => path.replace(/^\/projects\/\d+(?=\/|$)/, "/projects/acme%2Ffleet"),
    findings: [
      // The client's types lag behind GitLab's "Merge requests API" page, which has these fields.
      { pattern: /answer.*: no field (merge_user|locked|imported|imported_from|merge_trains_enabled|merge_pipelines_enabled|coverage|pipeline_id)$/ },
      { pattern: /notes: answer.*: no field (type|confidential|internal)$/ },
      // Typed as null, since the page's example is of an open one.
      { pattern: /answer.*\.(merged_by|closed_by|assignees?|reviewers|milestone|merged_at|closed_at)(\[\d+\])? is an? \w+, not null$/ },
      // The page: "Returns all merge requests or just those that are opened, closed, locked, or merged".
      { pattern: /query: state: all is none of/ },
    ],
  },
  azure_devops: { path: same, findings: [] },
  // The JSON has "username" beside "login", for old clients; the description leaves it out.
  gitea: { path: same, findings: [{ pattern: /: no field username$/ }] },
  forgejo: { path: same, findings: [{ pattern: /: no field username$/ }] },
  bitbucket_cloud: {
    path: same,
    findings: [
      // Described on the page "Filter and sort API objects" and "Pagination", for every list.
      { pattern: /no query parameter (q|sort|pagelen|page)$/ },
      // "type" tells variants of an object apart. Atlassian's own example requests leave it out, and objects that the
      // description has inline carry it in answers.
      { pattern: /body(\.\w+(\[\d+\])?)*: type is missing$/ },
      { pattern: /answer.*: no field type$/ },
      { pattern: /answer.*\.type: (user is not account|build is not commitstatus)$/ },
      // Of the variant `user`, which the description does not join to `account`.
      { pattern: /answer.*: no field (account_id|nickname)$/ },
      // Beside `summary`; it is what the example of POST sends.
      { pattern: /(body|answer.*): no field description$/ },
    ],
  },
  bitbucket_data_center: {
    // The description is of /rest/{module}/latest; 1.0 is the same.
    path: (path) => path.replace(/^\/rest\/([\w-]+)\/1\.0/, "/$1/latest"),
    findings: [
      // Fields that the description of the answer forgets, and the reference's examples have.
      { pattern: /pull-requests.*answer.*: no field (author|properties|commentAction|comment|canMerge)$/ },
      // "permission.1" and what belongs to it are in the operation's text only, and the answer is one user, not the page of them.
      { pattern: /GET \/api\/latest\/users: (no query parameter|answer: no field)/ },
      // Described as "true to prepend …, or false …"; a boolean in RestAutoMergeRequest, and clients send one.
      { pattern: /merge: body\.autoSubject is a boolean, not string$/ },
      // For auto-merge; nothing describes the status. Not verified.
      { pattern: /merge: 202 is not described$/ },
    ],
  },
};
