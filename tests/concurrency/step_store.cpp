// adit/step_store.hpp: both stores keep one promise; beyond it, what each of them forgets.
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/step_store.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace asio = boost::asio;
using namespace adit;

namespace {

struct fixture {
    bool advance(step_store& store, std::string user, std::uint64_t step) {
        bool accepted = false;
        std::exception_ptr failure;
        asio::co_spawn(io, store.advance(std::move(user), step),
                       [&](std::exception_ptr e, bool yes) {
                           failure = e;
                           accepted = yes;
                       });
        io.restart();
        io.run();
        if (failure) std::rethrow_exception(failure);
        return accepted;
    }
    int advance_at_once(step_store& store, std::uint64_t step) {
        int accepted = 0;
        for (int i = 0; i < 20; ++i) {
            asio::co_spawn(io, store.advance("alice", step),
                           [&](std::exception_ptr e, bool yes) { accepted += !e && yes ? 1 : 0; });
        }
        io.restart();
        io.run();
        return accepted;
    }
    void check(step_store& store) {
        BOOST_TEST(advance(store, "alice", 0));
        BOOST_TEST(advance(store, "alice", 100));
        BOOST_TEST(!advance(store, "alice", 100));
        BOOST_TEST(!advance(store, "alice", 99));
        BOOST_TEST(advance(store, "bob", 100));
        BOOST_TEST(advance_at_once(store, 101) == 1);
        BOOST_TEST(advance_at_once(store, 101) == 0);
    }

    asio::io_context io;
    const test::temporary_directory folder;
    const std::string path = folder.file("steps");
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(concurrency_step_stores, fixture)

BOOST_AUTO_TEST_CASE(a17_in_memory) {
    memory_step_store store;
    check(store);
}

BOOST_AUTO_TEST_CASE(a17_in_a_file) {
    file_step_store store(path);
    check(store);
    file_step_store at_once(path, {0, 0});
    BOOST_TEST(!advance(at_once, "alice", 101));
    BOOST_TEST(advance(at_once, "alice", 102));
}

BOOST_AUTO_TEST_CASE(a17_it_survives_a_restart) {
    for (const bool first : {true, false}) {
        file_step_store store(path);
        BOOST_TEST(advance(store, "alice", 5) == first);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_known_is_an_error) {
    test::write_file(path, "alice");
    file_step_store store(path);
    BOOST_CHECK_THROW(advance(store, "alice", 5), boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
