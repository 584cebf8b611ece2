#include "core/manifest/plain.h"

#include <gtest/gtest.h>

namespace linkspan::manifest {
namespace {

TEST(PlainTest, OtherTypes) {
    for (const char* text : {
             "",
             "~",
             "null",
             "Null",
             "NULL",
             "true",
             "True",
             "yes",
             "NO",
             "on",
             "Off",
             "y",
             "N",
             ".inf",
             "-.INF",
             ".NaN",
             "<<",
             "=",
             "0",
             "12",
             "-3",
             "+5",
             "1_000",
             "0x1F",
             "0o17",
             "0b101",
             "017",
             "20240115",
             "1.30",
             "1.",
             ".5",
             "1e10",
             "1E3",
             "12345e7",
             "25921e05",
             "1.5e-3",
             "6.8523015e+5",
             "190:20:30",
             "1:30",
             "190:20:30.15",
             "2024-01-15",
             "2024-1-5",
             "2001-12-14T21:59:43.10-05:00",
             "2001-12-14 21:59:43Z",
         }) {
        EXPECT_TRUE(reads_as_other_type(text)) << text;
    }
}

TEST(PlainTest, Strings) {
    for (const char* text : {
             "v1.2",
             "1.2.3",
             "1.30-alpine",
             "latest",
             "main-0123abc-1700000000",
             "e10",
             "1e",
             "0x",
             "0xyz",
             "0b12",
             "2024-01-15-abc",
             "2024.01.15",
             "20240115-1",
             "nginx:1.25",
             "yes1",
             "inf",
             "nan",
             "nullable",
             "1.2.3.4",
             "12a",
             "_1",
             "sha256:abc",
             "on-call",
             "2024-01-15T10-00-00",
             "1:2:3:4x",
             "1:300",
         }) {
        EXPECT_FALSE(reads_as_other_type(text)) << text;
    }
}

TEST(PlainTest, WhatCanBePlain) {
    for (const char* text : {"nginx:1.25", "registry.example.com:5000/a/b:c@sha256:0f", "v1"}) {
        EXPECT_TRUE(can_be_plain(text, false)) << text;
        EXPECT_TRUE(can_be_plain(text, true)) << text;
    }
    for (const char* text :
         {"",
          "-x",
          "a: b",
          "a #b",
          "a:",
          "[a",
          "'a",
          "\"",
          "&a",
          "*a",
          "!a",
          "{a}",
          "@a",
          "%a",
          "a\nb",
          "... "}) {
        EXPECT_FALSE(can_be_plain(text, false)) << text;
    }
    EXPECT_FALSE(can_be_plain("a,b", true));
}

}  // namespace
}  // namespace linkspan::manifest
