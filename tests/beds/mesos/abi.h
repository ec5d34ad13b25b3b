// What crosses the border into Mesos' own library: a few of its types, by layout, and the loading of flags.
#pragma once
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#define SYMBOL(name) __asm__(name)
#define STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"

// stout's Option<T>. Nothing here is ever destroyed: each program runs until it is killed.
template <class T>
struct Option {
  enum State { SOME, NONE } state;
  union { T value; };
  Option() : state(NONE) {}
  Option(const T& some) : state(SOME), value(some) {}
  ~Option() {}
};
using Text = Option<std::string>;

// stout's Try<void*, Error>.
struct Outcome {
  Option<void*> value;
  struct { int state; std::string message; char room[64]; } error;
  void* orExit(const char* what) {
    if (value.state == Option<void*>::SOME) return value.value;
    fprintf(stderr, "%s: %s\n", what, error.message.c_str());
    exit(1);
  }
};

namespace process {
bool initialize(const Text& delegate, const Text& readwriteRealm, const Text& readonlyRealm);
}
extern "C" void flags_load(void* result, void* base, const Text* prefix, int argc, const char* const* argv, bool unknowns, bool duplicates)
    SYMBOL("_ZN5flags9FlagsBase4loadERK6OptionI" STRING "EiPKPKcbb");

// Memory for an object whose size only Mesos' headers tell: zeroed, and larger than any of them.
inline char* room(size_t bytes = 1 << 16) { return static_cast<char*>(calloc(1, bytes)); }

// Where a virtual base lies in an object, as the table of its class tells.
inline char* virtualBase(char* object, int slot) { return object + (*reinterpret_cast<std::ptrdiff_t**>(object))[slot]; }

// local::Flags and slave::Flags keep FlagsBase, their virtual base, in this slot.
constexpr int FLAGS_BASE = -4;

inline void loadFlags(char* flags, char** argv) {
  Text prefix(std::string("MESOS_"));
  flags_load(room(), virtualBase(flags, FLAGS_BASE), &prefix, 1, argv, true, true);
}
