// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "io/file.h"
#include "io/temporary_folder.h"

namespace murine::hdf5_test {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Hdf5 : public testing::Test {
 protected:
  std::filesystem::path Path() const { return folder_ / "a.h5"; }

  void WriteAll(const std::filesystem::path& path) const {
    Hdf5File file = Hdf5File::Create(path);
    file.SetAttribute("config", R"({"seed":1})");
    file.Write<float>("/g/h/floats", {2, 3}, std::vector<float>{1, -2.5f, 3, 4, 5, INFINITY});
    file.Write<double>("/doubles", {2}, std::vector<double>{1e300, -0.0});
    file.Write<int64_t>("/g/ids", {2}, std::vector<int64_t>{std::numeric_limits<int64_t>::min(), 7});
    file.Write<int32_t>("/scalar", {}, std::vector<int32_t>{-3});
    file.Write<uint8_t>("/bytes", {2}, std::vector<uint8_t>{0, 255});
    file.Write<float>("/nothing", {0, 5}, {});
    file.Write<float>("/large", {1000, 30}, Large());
    file.WriteStrings("/names", {"train", "", "validation"});
    file.WriteStrings("/no names", {});
    file.Commit();
  }
  static std::vector<float> Large() {  // beyond 64 KiB: chunked and packed
    std::vector<float> values(30000);
    std::iota(values.begin(), values.end(), 0.5f);
    return values;
  }

  // Through the C library itself, for what murine never writes.
  template <class Write>
  void WriteRaw(const Write& write) const {
    const hid_t file = H5Fcreate(Path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write(file);
    H5Fclose(file);
  }
  static void Put(hid_t file, const char* name, hid_t space, hid_t type, hid_t memory, const void* data) {
    const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (data != nullptr) H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    H5Dclose(dataset);
    H5Sclose(space);
  }
  static hid_t Line(hsize_t length) { return H5Screate_simple(1, &length, nullptr); }

  TemporaryFolder folder_;
};

TEST_F(Hdf5, RoundTrip) {
  WriteAll(Path());
  const Hdf5File file = Hdf5File::Open(Path());
  const auto floats = file.Read<float>("/g/h/floats");
  EXPECT_THAT(floats.shape, ElementsAre(2, 3));
  EXPECT_THAT(floats.values, ElementsAre(1, -2.5f, 3, 4, 5, INFINITY));
  EXPECT_THAT(file.Read<double>("/doubles").values, ElementsAre(1e300, -0.0));
  EXPECT_THAT(file.Read<int64_t>("/g/ids").values, ElementsAre(std::numeric_limits<int64_t>::min(), 7));
  EXPECT_THAT(file.Read<int32_t>("/scalar").values, ElementsAre(-3));
  EXPECT_THAT(file.Read<int32_t>("/scalar").shape, IsEmpty());
  EXPECT_THAT(file.Read<uint8_t>("/bytes").values, ElementsAre(0, 255));
  EXPECT_THAT(file.Read<float>("/nothing").shape, ElementsAre(0, 5));
  EXPECT_EQ(file.Read<float>("/large").values, Large());
  EXPECT_THAT(file.ReadStrings("/names"), ElementsAre("train", "", "validation"));
  EXPECT_THAT(file.ReadStrings("/no names"), IsEmpty());
  EXPECT_EQ(file.Attribute("config"), R"({"seed":1})");
  EXPECT_EQ(file.Attribute("absent"), "");
  EXPECT_THAT(file.List("/g"), ElementsAre("h", "ids"));
  EXPECT_THAT(file.List("/absent"), IsEmpty());
  EXPECT_THAT(file.Shape("/large"), ElementsAre(1000, 30));
  EXPECT_TRUE(file.Has("/g/h/floats"));
  EXPECT_FALSE(file.Has("/g/absent/floats"));
  EXPECT_FALSE(file.Has("/bytes/floats"));  // a dataset has no members
}

TEST_F(Hdf5, NumbersAreConverted) {
  WriteAll(folder_ / "b.h5");
  const Hdf5File file = Hdf5File::Open(folder_ / "b.h5");
  EXPECT_THAT(file.Read<float>("/bytes").values, ElementsAre(0, 255));
  EXPECT_THAT(file.Read<int64_t>("/scalar").values, ElementsAre(-3));
  WriteRaw([](hid_t raw) {
    const double whole[] = {1, -2, 1e15};
    Put(raw, "big end", Line(3), H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, whole);
    Put(raw, "little end", Line(3), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, whole);
    const int64_t number[] = {200};
    Put(raw, "short", Line(1), H5T_STD_I16BE, H5T_NATIVE_INT64, number);
  });
  const Hdf5File foreign = Hdf5File::Open(Path());
  for (const char* name : {"/big end", "/little end"})
    EXPECT_THAT(foreign.Read<int64_t>(name).values, ElementsAre(1, -2, 1000000000000000));
  EXPECT_THAT(foreign.Read<float>("/short").values, ElementsAre(200));
  EXPECT_THAT(foreign.Read<uint8_t>("/short").values, ElementsAre(200));
}

// HDF5 of itself gives 0 for NaN, 0 for 0.5 and 255 for 300, without a word.
TEST_F(Hdf5, ValuesThatDoNotFitAreRefused) {
  struct Case {
    const char* name;
    double value;
    bool fits_int64, fits_uint8;
  };
  const Case cases[] = {{"nan", NAN, false, false},      {"half", 0.5, false, false},
                        {"300", 300, true, false},       {"255", 255, true, true},
                        {"256", 256, true, false},       {"minus", -1, true, false},
                        {"huge", 1e300, false, false},   {"infinite", -INFINITY, false, false},
                        {"2^63", 0x1p63, false, false},  {"-2^63", -0x1p63, true, false},
                        {"below", -0x1p64, false, false}};
  const uint64_t most[] = {~uint64_t{0}};
  const int64_t small[] = {300, -1};
  for (const bool big_end : {false, true}) {
    WriteRaw([&](hid_t file) {
      for (const Case& c : cases)
        Put(file, c.name, Line(1), big_end ? H5T_IEEE_F64BE : H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &c.value);
      Put(file, "most", Line(1), big_end ? H5T_STD_U64BE : H5T_STD_U64LE, H5T_NATIVE_UINT64, most);
      Put(file, "small", Line(2), big_end ? H5T_STD_I16BE : H5T_STD_I16LE, H5T_NATIVE_INT64, small);
    });
    const Hdf5File file = Hdf5File::Open(Path());
    const auto fault = [&](auto zero, const std::string& name) {
      return MessageOf([&] { file.Read<decltype(zero)>("/" + name); });
    };
    for (const Case& c : cases) {
      const auto refused = AllOf(HasSubstr("a whole number from"), HasSubstr(c.name));
      EXPECT_THAT(fault(int64_t{}, c.name),
                  c.fits_int64 ? testing::Matcher<std::string>("no error") : refused);
      EXPECT_THAT(fault(uint8_t{}, c.name),
                  c.fits_uint8 ? testing::Matcher<std::string>("no error") : refused);
    }
    EXPECT_THAT(fault(int64_t{}, "most"), HasSubstr("got 18446744073709551615"));
    EXPECT_THAT(fault(uint8_t{}, "small"),
                HasSubstr("/small, item 0: expected a whole number from 0 to 255, got 300"));
    EXPECT_EQ(fault(int32_t{}, "small"), "no error");
    EXPECT_TRUE(std::isnan(file.Read<float>("/nan").values[0]));
    EXPECT_TRUE(std::isinf(file.Read<float>("/infinite").values[0]));
  }
}

TEST_F(Hdf5, StringsOfEitherKind) {
  WriteRaw([](hid_t file) {
    const hid_t variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(variable, H5T_VARIABLE);
    const char* pointers[] = {"a longer one", "", "b"};
    Put(file, "variable", Line(3), variable, variable, pointers);
    Put(file, "unwritten", Line(2), variable, variable, nullptr);
    const hid_t padded = H5Tcopy(H5T_C_S1);  // as Fortran and MATLAB write
    H5Tset_size(padded, 4);
    H5Tset_strpad(padded, H5T_STR_NULLTERM);
    Put(file, "fixed", Line(2), padded, padded, "abc\0de\0\0");
    H5Tclose(variable);
    H5Tclose(padded);
  });
  const Hdf5File file = Hdf5File::Open(Path());
  EXPECT_THAT(file.ReadStrings("/variable"), ElementsAre("a longer one", "", "b"));
  EXPECT_THAT(file.ReadStrings("/unwritten"), ElementsAre("", ""));
  EXPECT_THAT(file.ReadStrings("/fixed"), ElementsAre("abc", "de"));
}

TEST_F(Hdf5, SameContentSameBytes) {
  WriteAll(Path());
  WriteAll(folder_ / "b.h5");
  EXPECT_EQ(ReadFile(Path()), ReadFile(folder_ / "b.h5"));
}

TEST_F(Hdf5, WithoutCommitTheOldFileStays) {
  WriteFileAtomically(Path(), "old");
  {
    Hdf5File file = Hdf5File::Create(Path());
    file.Write<float>("/x", {1}, std::vector<float>{1});
  }
  EXPECT_EQ(ReadFile(Path()), "old");
  EXPECT_THAT(folder_.Names(), ElementsAre("a.h5"));
  Hdf5File file = Hdf5File::Create(folder_ / "new/b.h5");
  file.Commit();
  EXPECT_THAT(folder_.Names(), ElementsAre("a.h5", "new"));
  EXPECT_THAT(MessageOf([&] { Hdf5File::Create(folder_ / "new").Commit(); }), HasSubstr("cannot write"));
  EXPECT_THAT(MessageOf([&] { Hdf5File::Create(Path() / "b.h5"); }), HasSubstr("cannot write"));
  EXPECT_THAT(folder_.Names(), ElementsAre("a.h5", "new"));
}

TEST_F(Hdf5, WrongTypesAndMissingDatasets) {
  WriteAll(Path());
  const Hdf5File file = Hdf5File::Open(Path());
  const auto of = [](const std::string& name) { return "a.h5, " + name; };
  EXPECT_THAT(MessageOf([&] { file.Read<float>("/absent"); }),
              AllOf(HasSubstr("no such dataset"), HasSubstr(of("/absent"))));
  EXPECT_THAT(MessageOf([&] { file.Read<float>("/g"); }), HasSubstr("no such dataset"));
  EXPECT_THAT(MessageOf([&] { file.Shape("/absent"); }), HasSubstr("no such dataset"));
  EXPECT_THAT(MessageOf([&] { file.Read<float>("/names"); }), HasSubstr("expected numbers"));
  EXPECT_THAT(MessageOf([&] { file.ReadStrings("/bytes"); }), HasSubstr("expected strings"));
  EXPECT_THAT(MessageOf([&] { file.List("/bytes"); }), HasSubstr("not a group"));
}

// An HDF5 dataset may have no dataspace at all (h5py.Empty): that is no number 0.
TEST_F(Hdf5, EmptyDataspaceIsNoNumber) {
  WriteRaw([](hid_t file) { Put(file, "empty", H5Screate(H5S_NULL), H5T_IEEE_F32LE, 0, nullptr); });
  const Hdf5File file = Hdf5File::Open(Path());
  EXPECT_THAT(MessageOf([&] { file.Read<float>("/empty"); }), HasSubstr("without a shape"));
  EXPECT_THAT(MessageOf([&] { file.Shape("/empty"); }), HasSubstr("without a shape"));
}

// A chunked dataset of 2^40 values that was never written takes no place in the file.
TEST_F(Hdf5, SizesThatTheFileCannotHold) {
  WriteRaw([](hid_t file) {
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = Line(hsize_t{1} << 40);
    const hsize_t chunk = 1024;
    H5Pset_chunk(plist, 1, &chunk);
    H5Dclose(H5Dcreate2(file, "huge", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Pclose(plist);
    H5Sclose(space);
  });
  const Hdf5File file = Hdf5File::Open(Path());
  EXPECT_THAT(MessageOf([&] { file.Read<float>("/huge"); }), HasSubstr("larger than what the file holds"));
}

TEST_F(Hdf5, TruncatedOrOtherFiles) {
  WriteAll(Path());
  const std::string whole = ReadFile(Path());
  for (size_t size = 0; size < whole.size(); size += 97) {
    murine::Put(folder_ / "cut.h5", std::string_view(whole).substr(0, size));
    EXPECT_THAT(MessageOf([&] { Hdf5File::Open(folder_ / "cut.h5"); }),
                AllOf(HasSubstr("cut.h5"), AnyOf(HasSubstr("not an HDF5 file"), HasSubstr("is damaged"))))
        << size;
  }
  EXPECT_THAT(MessageOf([&] { Hdf5File::Open(folder_ / "absent.h5"); }), HasSubstr("No such file"));
  EXPECT_THAT(MessageOf([&] { Hdf5File::Open(folder_.path()); }), HasSubstr("got a folder"));
}

}  // namespace murine::hdf5_test
