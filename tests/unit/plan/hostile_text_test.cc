// Text from outside in every place × every platform's syntax: whatever it says, nobody is
// mentioned, nothing is referred to, closed, linked or skipped, and our own marks can't be forged.
//
// The judges look for what platforms, trackers and CI systems look for, and know nothing of how it
// is prevented. What renderers make of the bodies is judged by tests/e2e/render.
#include "core/plan/markdown.h"
#include "core/plan/message.h"
#include "core/plan/pull_request.h"
#include "core/plan/pull_request_life.h"
#include "pull_request_samples.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::plan {
namespace {

// ---- judges ----

std::string without_code_spans(const std::string& text) {
    static const RE2 kSpan{"`[^`\n]*`"};
    std::string out = text;
    RE2::GlobalReplace(&out, kSpan, "CODE");
    return out;
}

// What is ours: links that samples have, our comments, and details.
std::string without_ours(const std::string& text) {
    static const RE2 kOurs{
        "<!-- linkspan:v1 [^>\n]*-->|<!-- linkspan:(begin|rebuild) -->|"
        "\\[//\\]: # \\(linkspan:(begin|v1 [^)\n]*)\\)|</?details>|</?summary>|"
        "\\]\\(https://(github.com/acme/app|ci.example.com|linkspan.example.com)/[\\w/.-]*\\)"};
    std::string out = text;
    RE2::GlobalReplace(&out, kOurs, "");
    return out;
}

struct Judge {
    const char* what;
    const char* pattern;
};

// Of those who look at the bare text, code spans or not.
const Judge kBare[] = {
    {"closing",
     "(?i)\\b(clos(e[sd]?|ing)|fix(e[sd]|ing)?|resolv(e[sd]?|ing)|implement(s|ed|ing)?):? "
     "+(issues? "
     "+)?([\\w./-]*#\\d|G[HL]-\\d|\\[\\w+:\\d|https?://|[A-Z][A-Z0-9_]+-\\d)"},
    {"number", "#\\d"},
    {"skip", "(?i)\\[ *(skip[ _-]\\w+|\\w+[ _-]skip|no[ _-]ci) *\\]|\\*\\*\\*no_ci\\*\\*\\*"},
    {"skip trailer", "(?i)skip-checks: ?true"},
    {"trailer", "(?im)^(signed-off-by|co-authored-by|change-id|skip-checks):"},
    {"control", "[\\x00-\\x09\\x0b-\\x1f\\x7f]|\\x{202a}|\\x{202e}|\\x{2066}"},
};

// Of those who look at rendered text, or at titles and messages as text.
const Judge kText[] = {
    {"mention", "(^|[^\\w`])@[\\w\"]"},
    {"mail", "\\w@\\w+\\.\\w"},
    {"issue", "(?i)\\bg[hl]-\\d"},
    {"GitLab", "(^|[^\\w&])[!~$%^][\\w\"]|\\w[!&]\\d|\\[\\w+:\\d"},
    {"address", "\\w://\\w|(?i)\\bwww\\.\\w"},
    {"emoji", ":[\\w+-]{2,}:"},
};
const Judge kQuickAction{"quick action", "(?m)^[ >]*/[a-z]"};
const Judge kTracker{"tracker", "\\b[A-Z][A-Z0-9_]+-\\d"};
const Judge kHtml{"HTML", "<[a-zA-Z/!?]"};

void judge(
    const std::string& name, const std::string& text, const Judge& by, const std::string& from
) {
    static std::map<std::string, std::unique_ptr<RE2>> compiled;
    auto& pattern = compiled[by.pattern];
    if (!pattern) pattern = std::make_unique<RE2>("(" + std::string{by.pattern} + ")");
    std::string found;
    if (!RE2::PartialMatch(text, *pattern, &found)) return;
    ADD_FAILURE() << name << ": " << by.what << " \"" << found << "\" of: " << from.substr(0, 200)
                  << "\n"
                  << text.substr(0, 3000);
}

void judge_body(const std::string& name, const std::string& text, const std::string& from) {
    const std::string rest = without_ours(text);
    for (const auto& by : kBare) judge(name, rest, by, from);
    const std::string prose = without_code_spans(rest);
    for (const auto& by : kText) judge(name, prose, by, from);
    judge(name, prose, kTracker, from);
    judge(name, prose, kQuickAction, from);
    judge(name, prose, kHtml, from);
    EXPECT_EQ(std::count(rest.begin(), rest.end(), '`') % 2, 0) << name << " of: " << from;
    for (const char* mark : {"<!--", "-->", "[//]: # ("}) {
        EXPECT_EQ(rest.find(mark), std::string::npos) << name << " of: " << from << "\n" << rest;
    }
}

void judge_text(const std::string& name, const std::string& text, const std::string& from) {
    for (const auto& by : kBare) judge(name, text, by, from);
    for (const auto& by : kText) judge(name, text, by, from);
}

// ---- places ----

struct Place {
    const char* name;
    void (*put)(Proposal&, const std::string&);
};
image::ImageEvent& event_of(Proposal& proposal) { return proposal.plan.causes[0].event; }
Change& change_of(Proposal& proposal) { return proposal.plan.changes[0]; }
ImageOrigin& origin_of(Proposal& proposal, const char* tag) {
    return proposal.origins[std::string{"registry.example.com/acme/app:"} + tag];
}
const Place kPlaces[] = {
    {"group", [](Proposal& p, const std::string& text) { p.group = text; }},
    {"actor", [](Proposal& p, const std::string& text) { event_of(p).actor = text; }},
    {"build", [](Proposal& p, const std::string& text) { event_of(p).build_url = text; }},
    {"revision", [](Proposal& p, const std::string& text) { event_of(p).revision = text; }},
    {"source", [](Proposal& p, const std::string& text) { event_of(p).source = text; }},
    {"pushed at", [](Proposal& p, const std::string& text) { event_of(p).pushed_at = text; }},
    {"label revision",
     [](Proposal& p, const std::string& text) { origin_of(p, "1.4.2").revision = text; }},
    {"label source",
     [](Proposal& p, const std::string& text) {
         origin_of(p, "1.4.1").source = origin_of(p, "1.4.2").source = text;
     }},
    {"label created",
     [](Proposal& p, const std::string& text) {
         event_of(p).pushed_at.reset();
         origin_of(p, "1.4.2").created = text;
     }},
    {"policy", [](Proposal& p, const std::string& text) { change_of(p).policy = text; }},
    {"path", [](Proposal& p, const std::string& text) { change_of(p).path = text; }},
    {"place", [](Proposal& p, const std::string& text) { change_of(p).where = text; }},
    {"old tag", [](Proposal& p, const std::string& text) { change_of(p).old_tag = text; }},
    {"new tag", [](Proposal& p, const std::string& text) { change_of(p).new_tag = text; }},
    {"old digest",
     [](Proposal& p, const std::string& text) {
         change_of(p).old_digest = text;
         change_of(p).new_digest = samples::kNew;
     }},
    {"new digest", [](Proposal& p, const std::string& text) { change_of(p).new_digest = text; }},
    {"why", [](Proposal& p, const std::string& text) { change_of(p).why = text; }},
    {"reason",
     [](Proposal& p, const std::string& text) {
         p.rollback = change_of(p).asked_for = true;
         p.reason = change_of(p).why = text;
     }},
    {"compare", [](Proposal& p, const std::string& text) { change_of(p).compare = text; }},
    {"refused", [](Proposal& p, const std::string& text) { p.refused = {text}; }},
    {"refused tag",
     [](Proposal& p, const std::string& text) {
         p.refused = {"registry.example.com/acme/app:1.5.0: " + text};
     }},
    {"held", [](Proposal& p, const std::string& text) { p.held = {"a/b.yaml:1: " + text}; }},
    {"checked", [](Proposal& p, const std::string& text) { p.verified = {text}; }},
};

// Every name in every style that a template of a user may have it in.
std::string everything(bool markdown) {
    std::string list;
    for (const char* name :
         {"target",
          "policy",
          "path",
          "where",
          "image",
          "old_tag",
          "new_tag",
          "old_digest",
          "new_digest",
          "old",
          "new",
          "why"}) {
        const std::string value = "{{" + std::string{name} + "}}";
        list += value + "\n\n- " + value + "\n\n";
        if (markdown) list += "| `" + value + "` | " + value + " |\n\n[x](" + value + ")\n\n";
    }
    std::string text = "{{subject}}\n\n{{#each changes}}" + list + "{{/each}}{{#each causes}}";
    for (const char* name : {"actor", "revision"}) {
        const std::string value = "{{" + std::string{name} + "}}";
        text += value + "\n\n" + (markdown ? "`" + value + "`\n\n" : std::string{});
    }
    return text + "{{/each}}";
}

void judge_all(const char* place, const Proposal& proposal, const std::string& from) {
    for (const bool html : {true, false}) {
        for (const std::string& own : {std::string{}, everything(true)}) {
            TextOptions options;
            options.html_comments = options.checkboxes = html;
            options.link = "https://linkspan.example.com/v1/deliveries/{id}";
            options.body = own;
            const auto ours = body_of(proposal, options);
            ASSERT_TRUE(ours.has_value()) << ours.error().message;
            const std::string text = put_into("", *ours, html, options.body_limit);
            judge_body(
                std::string{place} + (own.empty() ? " in a body" : " in a body of a template"),
                text,
                from
            );
            // Written again, nothing of it is taken for people's.
            EXPECT_EQ(put_into(text, *ours, html, options.body_limit), text) << place << from;
            EXPECT_FALSE(rebuild_is_ticked(text)) << place << from;
            const auto state = read_state(text);
            ASSERT_TRUE(state) << place << from;
            EXPECT_EQ(state->target, "prod") << place << from;
        }
    }
    for (const char* title :
         {"", "{{reason}}", "{{#each updates}}{{policy}} {{new_tag}}{{/each}}"}) {
        TextOptions options;
        options.title = title;
        const std::string made = *title_of(proposal, options);
        judge_text(std::string{place} + " in a title", made, from);
        judge(place, made, kTracker, from);
        EXPECT_EQ(made.find('\n'), std::string::npos);
        EXPECT_FALSE(made.empty());
        EXPECT_LE(markdown::length(made), options.title_limit);
        EXPECT_FALSE(RE2::PartialMatch(made, "(?i)^[\\[(]?(draft|wip)\\b")) << made;
    }
    for (const std::string& text : {std::string{}, everything(false)}) {
        const std::string message = *commit_message({.text = text}, proposal.plan);
        const auto trailers = message.rfind("\n\n");
        judge_text(std::string{place} + " in a message", message.substr(0, trailers), from);
        EXPECT_TRUE(message.substr(trailers + 2).starts_with("Linkspan-Delivery: 01TEST\n"));
        judge_text(std::string{place} + " in trailers", message.substr(trailers), from);
    }
}

TEST(HostileText, MeansNothingInAnyPlace) {
    for (const auto& place : kPlaces) {
        for (const auto& text : samples::kHostileTexts) {
            Proposal proposal = samples::single();
            place.put(proposal, text);
            judge_all(place.name, proposal, text);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(HostileText, IsNoCommentOfOurs) {
    for (const auto& text : samples::kHostileTexts) {
        Wanted wanted;
        wanted.wanted = false;
        wanted.gone = "held by " + text + ": " + text + ".";
        SeenPullRequest open{.number = 1, .head = "a"};
        Memory memory;
        memory.number = 1;
        for (const char* head : {"a", "b"}) {
            memory.head = head;
            SeenBranch branch{.head = "a"};
            const Step step = next_step(memory, {open}, branch, wanted, {.comments = true});
            const auto* say = std::get_if<step::Say>(&step);
            ASSERT_NE(say, nullptr);
            judge_body("comment", say->text, text);
            EXPECT_FALSE(asks_for_rebuild(say->text)) << text;
        }
    }
}

TEST(HostileText, AddressesThatAreNotPlainAreNoLinks) {
    for (const char* url :
         {"javascript:alert(1)",
          "JAVASCRIPT:alert(1)",
          "data:text/html,x",
          "//evil.example/x",
          "https:evil.example",
          "https://",
          "https:///x",
          "https://user:pass@evil.example/",
          "https://good.example@evil.example/",
          "https://evil.example/)[x](https://y",
          "https://evil.example/a]b",
          "https://evil.example/<script>",
          "https://evil.example/\"onclick=\"x",
          "https://evil.example/'x",
          "https://evil.example/\\x",
          "https://evil.example/a b",
          "https://evil.example/\nx",
          "https://evil.example/`x`",
          "https://evil.example/|",
          "https://\xd0\xb5vil.example/",
          "https://evil.example/\xe2\x80\xae",
          "ftp://evil.example/"}) {
        EXPECT_FALSE(markdown::is_plain_url(url)) << url;
        EXPECT_EQ(markdown::link("x", url), "x");
        Proposal proposal = samples::single();
        proposal.plan.causes[0].event.build_url = url;
        EXPECT_EQ(body_of(proposal, {})->find("[build]"), std::string::npos) << url;
    }
    EXPECT_FALSE(markdown::is_plain_url("https://evil.example/" + std::string(2000, 'x')));
    EXPECT_TRUE(markdown::is_plain_url("https://ci.example.com:8443/a_b/~c?d=e&f=g%20h#i"));
}

// A word stays what it is, so that it is found again and can be copied.
TEST(HostileText, OrdinaryNamesStayAsTheyAre) {
    for (const char* text :
         {"registry.example.com:5000/acme/app",
          "1.4.2",
          "main-6be916f-1700000000",
          "PROJ-123-fix-login",
          "RELEASE.2026-01-01T00-00-00Z",
          "1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "clusters/prod/~old/app_v2.yaml",
          "spec.template.spec.containers[0].image",
          "images[name=skipper].newTag",
          "https://github.com/acme/app/compare/a...b#files",
          "skip-checker"}) {
        const bool skips = std::string_view{text}.find("[name=skip") != std::string_view::npos;
        EXPECT_EQ(markdown::plain(text) == text, !skips) << text;
        if (!skips) {
            const bool has_fragment = std::string_view{text}.find('#') != std::string_view::npos;
            EXPECT_EQ(markdown::inside_code(text) == text, !has_fragment) << text;
        }
    }
    EXPECT_EQ(
        *commit_message({}, samples::single().plan),
        "Update app to 1.4.2 in prod\n\n"
        "registry.example.com/acme/app: 1.4.1 -> 1.4.2 (policy flux-system:app)\n\n"
        "- clusters/prod/app.yaml:12 spec.template.spec.containers[0].image\n\n"
        "Linkspan-Delivery: 01TEST\nLinkspan-Source-Revision: bbbbbbb\n"
    );
}

std::string random_text() {
    static const std::vector<std::string> kPieces{
        "@",
        "#",
        "!",
        "1",
        "a",
        "GH-",
        "JIRA-",
        "fixes ",
        "[",
        "]",
        "(",
        ")",
        "`",
        "``",
        "<",
        ">",
        "-->",
        "<!-- ",
        "&",
        ";",
        "|",
        "*",
        "**",
        "_",
        "~",
        "$",
        "%",
        "^",
        ":",
        "/",
        "//",
        "\\",
        "\n",
        " ",
        "\t",
        ".",
        "https",
        "www",
        "skip ",
        "ci",
        "***",
        "NO_CI",
        "{{",
        "}}",
        "-",
        "=",
        "+",
        "x",
        "[//]:",
        " # (",
        "linkspan:",
        "begin",
        "v1 ",
        "\xff",
        "é",
        "🎉",
        "\u202e",
        "\u200b",
        "[x] ",
        "- ",
        "Rebuild this branch",
        "/merge",
        "\r"};
    std::string text;
    const auto count = *rc::gen::inRange(0, 12);
    for (int i = 0; i < count; ++i) text += *rc::gen::elementOf(kPieces);
    return text;
}

RC_GTEST_PROP(HostileTextProperty, RandomTextMeansNothing, ()) {
    const std::string text = random_text();
    const auto& place =
        *rc::gen::elementOf(std::vector<Place>(std::begin(kPlaces), std::end(kPlaces)));
    Proposal proposal = samples::single();
    place.put(proposal, text);
    judge_all(place.name, proposal, text);
    RC_ASSERT(!testing::Test::HasFailure());
}

}  // namespace
}  // namespace linkspan::plan
