// The parts of a decision over a registry in memory and a store in memory.
#pragma once

#include "service/pipeline/decider.h"
#include "tests/unit/pipeline/fake_registry.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::pipeline {

template <class T>
T value_of(Result<T> result) {
    if (result.has_error()) throw std::runtime_error{result.error().message};
    return std::move(*result);
}

inline std::unique_ptr<store::Store> memory_store() {
    return value_of(store::Store::open(":memory:"));
}

// Runs the coroutine to its end.
template <class T>
T finish(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
    std::optional<T> out;
    std::exception_ptr failure;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e, T value) {
        failure = e;
        if (!e) out.emplace(std::move(value));
    });
    context.restart();
    while (!out && !failure) context.run_one();
    if (failure) std::rethrow_exception(failure);
    return std::move(*out);
}

class Deciding : public ::testing::Test {
protected:
    Deciding() {
        config::Registry entry;
        entry.host = registry.host();
        entry.insecure = true;
        config->registries.push_back(entry);
        clients = std::make_unique<RegistryClients>(context.get_executor(), config);
        restart();
    }
    // What is remembered in memory is lost.
    void restart() {
        book = std::make_unique<TagBook>(writer);
        decider = std::make_unique<Decider>(context.get_executor(), *clients, *book, writer);
    }

    [[nodiscard]] policy::Policy policy(
        const std::string& name, policy::Selection select = policy::Semver{}
    ) const {
        policy::Policy out;
        out.name = name;
        out.image = image;
        out.select = std::move(select);
        return out;
    }

    DecidedEvent decide(
        const std::string& tag, const std::vector<policy::Policy>& policies, bool insist = true
    ) {
        std::vector<Question> questions;
        for (const auto& one : policies) questions.push_back({.policy = one, .schedule = {}});
        image::ImageEvent event{
            .image = image,
            .tag = *image::Tag::parse(tag),
            .digest = std::nullopt,
            .media_type = std::nullopt,
            .pushed_at = std::nullopt,
            .revision = std::nullopt,
            .source = std::nullopt,
            .build_url = std::nullopt,
            .actor = std::nullopt};
        return value_of(finish(
            context, decider->decide(std::move(event), std::move(questions), {.insist = insist})
        ));
    }
    Chosen choose(const std::string& tag, const policy::Policy& one) {
        return value_of(decide(tag, {one}).policies.at(0));
    }
    std::vector<std::string> known() {
        const auto page = value_of(finish(context, book->open(image, false)));
        std::vector<std::string> out;
        for (const auto& one : page.table->tags) out.push_back(one.tag);
        return out;
    }
    std::optional<store::KnownTag> find(const std::string& tag) {
        return value_of(finish(context, book->find(image, *image::Tag::parse(tag))));
    }

    FakeRegistry registry;
    image::ImageName image = registry.image();
    std::shared_ptr<config::Config> config = std::make_shared<config::Config>();
    boost::asio::io_context context{1};
    store::Writer writer{memory_store()};
    std::unique_ptr<RegistryClients> clients;
    std::unique_ptr<TagBook> book;
    std::unique_ptr<Decider> decider;
};

}  // namespace linkspan::pipeline
