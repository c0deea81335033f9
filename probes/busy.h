#pragma once
// While this lives, a session is in the middle of something, and nobody else may use it.
namespace deadcalm::probes {

class Busy {
 public:
  explicit Busy(bool& flag) : flag_(flag) { flag_ = true; }
  ~Busy() { flag_ = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  bool& flag_;
};

}  // namespace deadcalm::probes
