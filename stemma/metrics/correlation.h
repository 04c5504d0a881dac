// Do two lists of numbers rise together? Knows nothing of what they measure.
#pragma once
#include <vector>

namespace stemma {

// Pearson's r; NaN when a list is constant or has fewer than two numbers. Error when the sizes differ.
double pearson(const std::vector<double>& x, const std::vector<double>& y);
// Spearman's rho: Pearson's r of the ranks; equal numbers share the mean of their ranks.
double spearman(const std::vector<double>& x, const std::vector<double>& y);
// From 1; equal numbers share the mean of their ranks.
std::vector<double> ranks(const std::vector<double>& x);

}  // namespace stemma
