#include "tests/support/supabase_stand_in.h"
