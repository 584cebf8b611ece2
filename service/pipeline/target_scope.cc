#include "service/pipeline/target_scope.h"

namespace linkspan::pipeline {

plan::Scope scope_of(const config::Config& config, const config::Target& target) {
    plan::Scope scope{
        .paths = target.paths, .ignore = target.ignore, .markers = false, .images = false};
    for (const auto find : target.find) {
        if (find == config::Find::Markers) scope.markers = true;
        if (find == config::Find::Images) scope.images = true;
    }
    scope.fields.assign(target.fields.begin(), target.fields.end());
    scope.mirrors = config.same_images;
    scope.policies = config.policy_names;
    return scope;
}

}  // namespace linkspan::pipeline
