// Proposals as reviewers get them, for tests of titles and bodies and for the pages of
// tests/e2e/render.
#pragma once

#include "core/plan/pull_request.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::plan::samples {

inline const std::string kOld = "sha256:" + std::string(64, 'a');
inline const std::string kNew = "sha256:" + std::string(64, 'b');

inline Change change_of(const std::string& name, const std::string& from, const std::string& to) {
    Change change;
    change.target = "prod";
    change.policy = "flux-system:" + name;
    change.path = "clusters/prod/" + name + ".yaml";
    change.line = 12;
    change.where = "spec.template.spec.containers[0].image";
    change.image = *image::ImageName::parse("registry.example.com/acme/" + name);
    change.old_tag = from;
    change.new_tag = to;
    change.why = "\"" + to + "\" is the greatest of 12 versions in \">=1.0.0 <2.0.0\"";
    return change;
}

inline Cause cause_of(const Change& change) {
    image::ImageEvent event{
        .image = change.image,
        .tag = *image::Tag::parse(change.new_tag),
        .digest = change.new_digest,
        .media_type = {},
        .pushed_at = "2026-08-01T10:00:00Z",
        .revision = "bbbbbbb",
        .source = "https://github.com/acme/app",
        .build_url = "https://ci.example.com/builds/42",
        .actor = "ann"};
    return {.delivery = "01TEST", .event = event, .target = "prod", .policy = change.policy};
}

inline Proposal proposal_of(std::vector<Change> changes) {
    Proposal proposal;
    proposal.target = "prod";
    for (const auto& change : changes) {
        proposal.plan.causes.push_back(cause_of(change));
        proposal.origins[change.image.str() + ":" + change.old_tag] = {
            .revision = "aaaaaaa", .source = "https://github.com/acme/app", .created = ""};
    }
    proposal.plan.changes = std::move(changes);
    // 2026-08-01T10:12:00Z
    proposal.proposed_at = std::chrono::system_clock::time_point{std::chrono::seconds{1785579120}};
    return proposal;
}

inline Proposal single() { return proposal_of({change_of("app", "1.4.1", "1.4.2")}); }

inline Proposal group(int count) {
    std::vector<Change> changes;
    for (int i = 0; i < count; ++i) {
        changes.push_back(change_of("service-" + std::to_string(i), "1.4.1", "1.4.2"));
        changes.back().old_digest = kOld;
        changes.back().new_digest = kNew;
    }
    return proposal_of(std::move(changes));
}

inline Proposal digest_only() {
    Change change = change_of("app", "stable", "stable");
    change.old_digest = kOld;
    change.new_digest = kNew;
    return proposal_of({change});
}

inline Proposal rollback() {
    Change change = change_of("app", "1.4.2", "1.4.1");
    change.why = "ann asked for it: 1.4.2 loses orders";
    change.asked_for = true;
    Proposal proposal = proposal_of({change});
    proposal.rollback = true;
    proposal.reason = change.why;
    return proposal;
}

inline Proposal refused() {
    Proposal proposal = single();
    proposal.refused = {
        "registry.example.com/acme/app:1.5.0: no signature by an identity that the policy trusts",
        "registry.example.com/acme/app:2.0.0-rc.1: is no version in \">=1.0.0 <2.0.0\""};
    proposal.verified = {
        "registry.example.com/acme/app:1.4.2: signed by "
        "https://github.com/acme/app/.github/workflows/build.yaml@refs/heads/main"};
    return proposal;
}

inline Proposal soaking() {
    Proposal proposal = refused();
    proposal.soaks_until = proposal.proposed_at + std::chrono::hours{24};
    Change other = change_of("web", "7.0.0", "7.1.0");
    proposal.plan.causes.push_back(cause_of(other));
    proposal.plan.changes.push_back(other);
    proposal.held = {
        "clusters/prod/web-canary.yaml:31: 7.1.0 was written here by commit 3f1c2ab90de4, and is "
        "now "
        "7.0.0: Ann Example <ann@example.com> in 9d8c7b6a5f4e (\"Revert web, see #12\"); held "
        "until a "
        "newer tag comes, or until it is resumed"};
    return proposal;
}

// As long as names and tags may be.
inline Proposal longest() {
    std::vector<Change> changes;
    for (int i = 0; i < 3; ++i) {
        const std::string name = std::string(60, 'n') + std::to_string(i);
        Change change = change_of(name, std::string(128, 'o'), std::string(128, 't'));
        change.image = *image::ImageName::parse(
            "registry." + std::string(50, 'h') + ".example.com/" + std::string(100, 'p') + "/" +
            name
        );
        change.path = "clusters/" + std::string(200, 'd') + "/" + name + ".yaml";
        change.old_digest = kOld;
        change.new_digest = kNew;
        changes.push_back(change);
    }
    Proposal proposal = proposal_of(std::move(changes));
    proposal.target = std::string(60, 'z');
    return proposal;
}

inline Proposal other_scripts() {
    Proposal proposal = single();
    proposal.plan.causes[0].event.actor = "\u0645\u062d\u0645\u062f";
    proposal.plan.changes[0].path = "\u73af\u5883/\u751f\u4ea7/\u5e94\u7528.yaml";
    proposal.rollback = true;
    proposal.reason =
        "\u05d3\u05e0\u05d4 asked for it: "
        "\u05d4\u05d2\u05e8\u05e1\u05d4 1.4.2 \u05e9\u05d1\u05d5\u05e8\u05d4";
    return proposal;
}

inline const std::string kHostile =
    "@ann #1 !2 <!-- --> <script>alert(1)</script> [x](https://evil.example) | `` `code` ``\n# H\n"
    "https://evil.example www.evil.example ![i](http://evil.example/x.png) &lt; \\ **b** \u202e";

inline Proposal hostile(const std::string& text = kHostile) {
    Proposal proposal = single();
    auto& event = proposal.plan.causes[0].event;
    event.actor = text;
    event.revision = "x](https://evil.example)";
    event.source = text;
    event.build_url = "javascript:alert(1)";
    auto& change = proposal.plan.changes[0];
    change.why = text;
    change.where = text;
    change.path = text;
    change.policy = text;
    change.old_tag = text;
    proposal.refused = {text};
    proposal.held = {"a/b.yaml:1: " + text};
    proposal.verified = {text};
    proposal.reason = text + " again";
    proposal.group = text;
    return proposal;
}

// What means something to some platform, tracker or CI system, and what could pass for a mark of
// ours.
inline const std::vector<std::string> kHostileTexts{
    kHostile,
    // mentions
    "@user",
    "@org/team",
    "ask @user, or (@org/team)",
    "@\"Project Team\"",
    "mailto:ann@example.com",
    // references, and words that close what they name
    "#1",
    "GH-1",
    "GL-1",
    "gl-1",
    "org/repo#1",
    "fixes #1",
    "Closes: #1, #2 and #3",
    "fixes GH-1",
    "resolves org/repo#1",
    "Implements GL-1",
    "Fixes AB#1",
    "AB#1",
    "JIRA-1",
    "AB2_C-17 #close #time 2d",
    "fixes JIRA-1",
    "closes https://gitlab.example.com/a/b/-/issues/1",
    "closes [work_item:1]",
    "[issue:1] [epic:1] [vulnerability:1]",
    "!1 &1 ~bug ~\"two words\" %1 %\"a milestone\" $1 ^alert",
    "group/project!1 group/project&1",
    "6be916f3a28e625154a7b3a2a0fc5553e92efd19",
    "acme/fleet@6be916f3a28e625154a7b3a2a0fc5553e92efd19",
    // commands
    "/merge",
    "\n/approve\n/label ~bug",
    "  /close",
    "linkspan rebuild",
    "\nlinkspan rebuild\n",
    "@bot linkspan rebuild",
    "/linkspan rebuild",
    "- [x] Rebuild this branch",
    "\n- [x] <!-- linkspan:rebuild -->Rebuild this branch\n",
    "[x] Rebuild this branch",
    // Markdown and HTML
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "[x]: https://evil.example\n[x]",
    "<https://evil.example>",
    "<a href=\"https://evil.example\">x</a>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></article>",
    "&lt;b&gt; &#60;script&#62; &commat;user",
    "a | b | c",
    "` ] ) `",
    "``` \n# heading\n```",
    "\\`x\\`",
    "\\",
    "***bold*** __b__ ~~s~~ ==m==",
    "$`x`$ $$x$$ {{subject}} {% x %}",
    "https://evil.example http://evil.example www.evil.example ftp://evil.example",
    ":tada: :+1:",
    "# heading\n===\n- list\n1. one\n> quote\n    code",
    "\xc2\xa0\xe2\x80\xae"
    "evil\xe2\x81\xa6",
    "\xef\xbc\xa0user \xef\xbc\x83"
    "1",
    "\xff\xfe\x80",
    "\x1b]8;;https://evil.example\x1b\\x",
    std::string("a\0b", 3),
    // our own marks
    "-->",
    "<!-- linkspan:begin -->",
    "<!-- linkspan:v1 target=evil decision=0 sum=0 -->",
    "\n<!-- linkspan:v1 target=evil decision=0 sum=0 -->\n",
    "[//]: # (linkspan:begin)",
    "\n[//]: # (linkspan:begin)\n",
    "[//]: # (linkspan:v1 target=evil decision=0 sum=1fc5e0a4b6b3b1f0)",
    // trailers and CI
    "x\nSigned-off-by: Mallory <m@example.com>",
    "\n\nCo-authored-by: Mallory <m@example.com>\nChange-Id: "
    "I0000000000000000000000000000000000000000",
    "[skip ci]",
    "[ci skip]",
    "[ci-skip] [skip_ci] [ SKIP CI ]",
    "[no ci] [skip actions] [actions skip]",
    "[skip azurepipelines] [azp skip]",
    "***NO_CI***",
    "skip-checks: true",
    "x\nskip-checks:true\n",
    // titles
    "Draft: x",
    "[WIP] x",
    // too much
    std::string(5000, '#'),
    std::string(100000, 'x') + " @user",
};

}  // namespace linkspan::plan::samples
