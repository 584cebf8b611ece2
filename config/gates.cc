#include "config/gates.h"

#include "config/file.h"
#include "core/signing/public_key.h"

#include <cstddef>
#include <string>

namespace linkspan::config {

namespace {

constexpr std::size_t kLargestKey = 64 << 10;

void read_keys(Reader& reader, const Node& node, std::vector<policy::SigningKey>& keys) {
    static const Shape shape{.kind = Shape::Kind::List, .default_value = {}, .not_empty = true};
    const auto* const items = reader.list(node, shape);
    if (items == nullptr) return;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        const Node& item = *(*items)[i];
        const auto path = reader.file(item);
        if (!path) continue;
        policy::SigningKey key{.name = item.text, .pem = {}};
        if (reader.options().check_references) {
            auto content = read_file(*path, kLargestKey);
            if (content.has_error()) {
                reader.problem(item.mark, content.error().message);
                continue;
            }
            // As it is when signatures are checked: an image must not be the first to find out.
            const auto parsed = signing::PublicKey::parse(content->bytes);
            if (parsed.has_error()) {
                reader.problem(
                    item.mark,
                    "is " + parsed.error().message +
                        "; cosign public-key and openssl pkey -pubout print one"
                );
                continue;
            }
            key.pem = std::move(content->bytes);
        } else if (reader.options().read_what_is_there) {
            auto content = read_file(*path, kLargestKey);
            if (content.has_value()) key.pem = std::move(content->bytes);
        }
        keys.push_back(std::move(key));
    }
}

}  // namespace

void read_platforms(Reader& reader, const Node& node, std::vector<image::Platform>& platforms) {
    static const Shape shape{.kind = Shape::Kind::List, .default_value = {}};
    const auto* const items = reader.list(node, shape);
    if (items == nullptr) return;
    platforms.clear();
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto place = reader.inside(i);
        const auto text = reader.text(*(*items)[i]);
        if (!text) continue;
        auto platform = image::Platform::parse(*text);
        if (platform.has_error()) {
            reader.problem((*items)[i]->mark, platform.error().message);
        } else {
            platforms.push_back(std::move(*platform));
        }
    }
}

void read_labels(Reader& reader, const Node& node, std::vector<policy::LabelRule>& labels) {
    labels.clear();
    if (node.kind != Node::Kind::Mapping) {
        reader.problem(node.mark, "must be a mapping of labels to their values");
        return;
    }
    for (const Node::Member& member : node.members) {
        if (node.find(member.key) != member.value.get()) continue;
        const auto place = reader.inside(member.key);
        policy::LabelRule rule{.key = member.key, .expected = {}};
        if (auto text = reader.text(*member.value)) rule.expected = std::move(*text);
        if (rule.expected.empty()) continue;
        const Status status = policy::check_label_rule(rule);
        if (status.has_error()) {
            reader.problem(member.value->mark, status.error().message);
        } else {
            labels.push_back(std::move(rule));
        }
    }
}

const Mapping<std::vector<policy::SigningKey>>& signature_mapping() {
    using Keys = std::vector<policy::SigningKey>;
    static const Mapping<Keys> mapping{
        "signature",
        "Whose signature an image must have, as cosign makes them.",
        [](Mapping<Keys>& m) {
            m.key(
                 "keys",
                 Shape::list(Shape::text()),
                 "Files with public keys (PEM); a signature by one of them is enough.",
                 read_keys
            )
                .required()
                .not_empty();
        }};
    return mapping;
}

}  // namespace linkspan::config
