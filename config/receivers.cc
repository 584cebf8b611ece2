// receivers: one endpoint for webhooks each.
#include "config/nearest.h"
#include "config/quote.h"
#include "config/receiver_auth.h"
#include "config/rule.h"
#include "config/sections.h"
#include "webhooks/field_map.h"
#include "webhooks/senders.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::config {

namespace {

using webhooks::FieldMap;
using webhooks::Receiver;
using webhooks::Rewrite;

std::vector<std::string> sender_types() {
    std::vector<std::string> types;
    for (const webhooks::Sender& sender : webhooks::senders()) types.emplace_back(sender.type);
    std::sort(types.begin(), types.end());
    return types;
}

void read_type(Reader& reader, const Node& node, Receiver& receiver) {
    const auto written = reader.text(node);
    if (!written) return;
    receiver.type = *written;
    if (webhooks::find_sender(*written) != nullptr) return;
    const std::vector<std::string> types = sender_types();
    const auto near = nearest(*written, types);
    reader.problem(
        node.mark,
        fmt::format(
            "unknown type {}{}; types are {}",
            quote(*written),
            near ? ", did you mean " + quote(*near) + "?" : "",
            enumerate(types)
        )
    );
}

const Mapping<Rewrite>& rewrite_mapping() {
    static const Mapping<Rewrite> mapping{
        "rewrite", "Another name for what a payload calls so.", [](Mapping<Rewrite>& m) {
            m.text("from", &Rewrite::from, "host/repository, or the beginning of it.", rule::line)
                .required();
            m.text("to", &Rewrite::to, "What stands there instead.", rule::line).required();
        }};
    return mapping;
}

void read_when(Reader& reader, const Node& node, FieldMap& fields) {
    if (node.kind != Node::Kind::Mapping) {
        reader.problem(node.mark, "expected a mapping from places to patterns");
        return;
    }
    for (const Node::Member& member : node.members) {
        const auto place = reader.inside(member.key);
        if (auto pattern = reader.text(*member.value)) {
            fields.when.emplace_back(member.key, std::move(*pattern));
        }
    }
}

const Mapping<FieldMap>& fields_mapping() {
    static const Mapping<FieldMap> mapping{
        "fields",
        "Where the facts stand in a body of this deployment's own making.",
        [](Mapping<FieldMap>& m) {
            m.text("each", &FieldMap::each, "A list whose elements are read one by one.");
            m.key(
                "when",
                Shape::table(Shape::text()),
                "Places and patterns that all have to match, or the delivery is ignored.",
                read_when
            );
            m.text("id", &FieldMap::id, "What recognises a repeated delivery.");
            m.text("image", &FieldMap::image, "host/repository; may carry tag and digest.")
                .required();
            m.text("tag", &FieldMap::tag, "The tag.");
            m.text("digest", &FieldMap::digest, "The digest.");
            m.text("media_type", &FieldMap::media_type, "The media type of the manifest.");
            m.text("pushed_at", &FieldMap::pushed_at, "When it was pushed.");
            m.text("revision", &FieldMap::revision, "The commit that was built.");
            m.text("source", &FieldMap::source, "The repository that was built.");
            m.text("build_url", &FieldMap::build_url, "The page of the build.");
            m.text("actor", &FieldMap::actor, "Who pushed it.");
            m.check([](Reader& reader, const Node& node, FieldMap& fields) {
                if (fields.image.empty()) return;  // said already
                const Status status = webhooks::check_field_map(fields);
                if (status.has_error()) {
                    const std::string& message = status.error().message;
                    reader.problem(locate(node, message).mark, message);
                }
            });
        }};
    return mapping;
}

void check_receiver(Reader& reader, const Node& node, Receiver& receiver) {
    if (receiver.name == "poll") {
        reader.problem(
            node.mark, "\"poll\" is the built-in receiver of what polling finds; take another name"
        );
    }
    check_auth(reader, node, receiver);
    const Node* const override_host = node.find("override_host");
    if (receiver.override_host && override_host != nullptr && node.find("registry") == nullptr) {
        reader.problem(override_host->mark, "needs \"registry\": the host to put in");
    }
}

void add_keys(Mapping<Receiver>& m) {
    m.text("name", &Receiver::name, "The last part of its URL.", rule::name)
        .pattern(rule::kNamePattern)
        .required();
    m.key("type", Shape::choice(sender_types()), "Who calls: the form of the body.", read_type)
        .required();
    add_auth_keys(m);
    m.text(
        "registry",
        &Receiver::registry,
        "Registry host, for payloads that name none.",
        rule::registry_host
    );
    m.boolean(
        "override_host",
        &Receiver::override_host,
        "Put \"registry\" in place of the host that the payload names."
    );
    m.mappings(
        "rewrites",
        &Receiver::rewrites,
        "Other names for images; the first that fits counts.",
        rewrite_mapping()
    );
    m.texts(
        "images",
        &Receiver::images,
        "Patterns over host/repository that this receiver may speak for. None: every image.",
        rule::image_glob
    );
    m.mapping(
        "fields",
        &Receiver::fields,
        "Where the facts stand in bodies of this deployment's own making.",
        fields_mapping()
    );
    m.check(check_receiver);
}

}  // namespace

const Mapping<Receiver>& receiver_mapping() {
    static const Mapping<Receiver> mapping{
        "receiver", "One endpoint for webhooks: POST /hooks/{name}.", add_keys};
    return mapping;
}

}  // namespace linkspan::config
