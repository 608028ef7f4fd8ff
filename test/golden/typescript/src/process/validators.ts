/* eslint-disable */
// @ts-nocheck
// Generated from the process definition. Do not edit: change the definition, then run `kuflow generate`. Validators for the data of
// system tasks, by workflow type and task code. Do not import this file in workflow code: the workflow sandbox has no Node.js APIs.
import { isDeepStrictEqual } from 'node:util';

interface Validator {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

const countCharacters = (text) => [...text].length;

function schemaPattern(pattern, flags) {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

export const validators: Readonly<Record<string, Readonly<Record<string, Validator>>>> = {
  LoanWorkflow: {
    CHECK_CREDIT: (() => {
const schema0 = {"type":"object","properties":{"score":{"type":"integer","title":"Score","minimum":0,"maximum":1000},"decision":{"type":"string","title":"Decision","enum":["REVIEW","ACCEPT"]}},"required":["score","decision"]};const func0 = Object.prototype.hasOwnProperty;function validate0(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){let vErrors = null;let errors = 0;if(data && typeof data == "object" && !Array.isArray(data)){if((data.score === undefined) || (!(func0.call(data, "score")))){const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "score"},message:"must have required property '"+"score"+"'"};if(vErrors === null){vErrors = [err0];}else {vErrors.push(err0);}errors++;}if((data.decision === undefined) || (!(func0.call(data, "decision")))){const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "decision"},message:"must have required property '"+"decision"+"'"};if(vErrors === null){vErrors = [err1];}else {vErrors.push(err1);}errors++;}if(data.score !== undefined && func0.call(data, "score")){let data0 = data.score;if(!((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0)))){const err2 = {instancePath:instancePath+"/score",schemaPath:"#/properties/score/type",keyword:"type",params:{type: "integer"},message:"must be integer"};if(vErrors === null){vErrors = [err2];}else {vErrors.push(err2);}errors++;}if(typeof data0 == "number"){if(data0 > 1000 || isNaN(data0)){const err3 = {instancePath:instancePath+"/score",schemaPath:"#/properties/score/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000"};if(vErrors === null){vErrors = [err3];}else {vErrors.push(err3);}errors++;}if(data0 < 0 || isNaN(data0)){const err4 = {instancePath:instancePath+"/score",schemaPath:"#/properties/score/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};if(vErrors === null){vErrors = [err4];}else {vErrors.push(err4);}errors++;}}}if(data.decision !== undefined && func0.call(data, "decision")){let data1 = data.decision;if(typeof data1 !== "string"){const err5 = {instancePath:instancePath+"/decision",schemaPath:"#/properties/decision/type",keyword:"type",params:{type: "string"},message:"must be string"};if(vErrors === null){vErrors = [err5];}else {vErrors.push(err5);}errors++;}if(!((data1 === "REVIEW") || (data1 === "ACCEPT"))){const err6 = {instancePath:instancePath+"/decision",schemaPath:"#/properties/decision/enum",keyword:"enum",params:{allowedValues: schema0.properties.decision.enum},message:"must be equal to one of the allowed values"};if(vErrors === null){vErrors = [err6];}else {vErrors.push(err6);}errors++;}}}else {const err7 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"};if(vErrors === null){vErrors = [err7];}else {vErrors.push(err7);}errors++;}validate0.errors = vErrors;return errors === 0;}
return validate0;
    })(),
  },
};
