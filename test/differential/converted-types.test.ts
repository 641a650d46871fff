import { CONVERTED_TYPE_SAMPLES } from './test-support/type-samples.ts';
import { testTypes } from './test-support/type-suite.ts';

testTypes(CONVERTED_TYPE_SAMPLES);
