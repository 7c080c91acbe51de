// SPDX-License-Identifier: Apache-2.0
// Holds the precompiled torch headers that the layers above io/ share.
