#include "stemma/nn/pages.h"

#include <algorithm>

namespace stemma {

Pages::Pages(const Tensor& x) : end_(x.rows()) {
  for (int64_t b = 0; b < x.sequences(); ++b) {
    const auto n = int32_t(x.end(b) - x.begin(b));
    tails_.push_back({int32_t(pages_.size()), n, n});
    pages_.push_back({.begin = x.begin(b), .size = n, .filled = n, .uses = 1});
  }
}

// A new page that follows a tail, whose claim on its page passes to it.
int32_t Pages::page_after(const Tail& tail) {
  const auto page = free_.empty() ? int32_t(pages_.size()) : free_.back();
  if (free_.empty()) {
    pages_.push_back({.begin = end_, .size = page_rows});
    end_ += page_rows;
  } else {
    free_.pop_back();
  }
  Page& p = pages_[size_t(page)];
  p.filled = 0, p.uses = 1, p.before = tail.page, p.kept = tail.rows;
  return page;
}

void Pages::release(int32_t page) {
  while (page >= 0 && --pages_[size_t(page)].uses == 0) {
    if (pages_[size_t(page)].size == page_rows) free_.push_back(page);
    page = pages_[size_t(page)].before;
  }
}

std::vector<int64_t> Pages::append(const Tensor& x) {
  check(x.sequences() == sequences(), "pages: ", x.sequences(), " sequences continue ", sequences());
  std::vector<int64_t> at;
  for (int64_t b = 0; b < x.sequences(); ++b) {
    Tail& tail = tails_[size_t(b)];
    for (int64_t i = x.begin(b); i < x.end(b); ++i) {
      if (Page& last = pages_[size_t(tail.page)]; last.uses == 1) last.filled = tail.rows;  // nobody else is here
      const Page& last = pages_[size_t(tail.page)];
      if (tail.rows < last.filled || last.filled == last.size) tail = {page_after(tail), 0, tail.length};
      Page& page = pages_[size_t(tail.page)];
      at.push_back(page.begin + page.filled++);
      ++tail.rows, ++tail.length;
    }
  }
  return at;
}

RowRuns Pages::runs() const {
  RowRuns out;
  std::vector<RowRun> back;
  for (const Tail& tail : tails_) {
    back.clear();
    for (auto [page, kept] = std::pair(tail.page, tail.rows); page >= 0;) {
      const Page& p = pages_[size_t(page)];
      back.push_back({p.begin, kept});
      page = p.before, kept = p.kept;
    }
    for (auto run = back.rbegin(); run != back.rend(); ++run) out.add(*run);
    out.end();
  }
  return out;
}

void Pages::reorder(const std::vector<int64_t>& parents) {
  if (empty()) return;  // nobody has anything yet
  std::vector<Tail> moved;
  for (const int64_t parent : parents) {
    moved.push_back(tails_.at(size_t(parent)));
    ++pages_[size_t(moved.back().page)].uses;
  }
  for (const Tail& tail : tails_) release(tail.page);
  tails_ = std::move(moved);
}

}  // namespace stemma
