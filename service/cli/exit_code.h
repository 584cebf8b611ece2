// Exit codes, the same in every command. docs/cli.md lists them for users.
#pragma once

namespace linkspan::cli {

enum ExitCode : int {
    kOk = 0,
    kNegative = 1,      // the answer is no: problems in the config, no tag selected, image refused
    kMalformed = 2,     // the body or the reference is not what it should be
    kNotAuthentic = 3,  // signature or token wrong
    kNothingToDo = 4,   // notify: nobody watches the image, or the delivery was ignored
    kStillPending = 5,  // notify: the time is over and the work has not ended, or nobody has said
                        // yet what became of the commit
    kNotApplied = 6,    // notify --wait=applied: committed, and a controller failed to apply it
    kUsage = 64,        // arguments (sysexits.h EX_USAGE)
    kNoInput = 66,      // a file can't be read (EX_NOINPUT)
    kUnavailable = 69,  // the service can't be reached (EX_UNAVAILABLE)
    kSoftware = 70,     // a bug (EX_SOFTWARE)
};

}  // namespace linkspan::cli
